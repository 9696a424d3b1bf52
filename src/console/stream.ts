import { EventSourceParserStream } from "eventsource-parser/stream";
import { authorization, KEY_REFUSED } from "./api.ts";
import { dropKey, session } from "./session.ts";

/** "full": the environment has no free stream. */
export type StreamState = "connecting" | "live" | "broken" | "full";

interface Follower<T> {
  path: "/sandbox/requests/stream" | "/sandbox/notifications/stream";
  query: URLSearchParams;
  /** The ID after which the stream continues. If undefined, it starts with the next event. */
  lastId: () => string | undefined;
  onItem: (item: T, eventId: string | undefined) => void;
  onState?: (state: StreamState) => void;
  /** Called before each reconnection. */
  onReconnect?: () => Promise<void>;
}

const RETRY_MILLISECONDS = 1_000;
/** The sandbox sends a comment every 15 seconds. */
const MAX_SILENCE_MILLISECONDS = 40_000;
/** All tabs share six connections to a server, so a hidden tab closes its stream. */
const MAX_HIDDEN_MILLISECONDS = 30_000;
/** Smaller than every ID, so that the stream sends all stored requests. */
export const FIRST_ID = "1";

/** Follows a stream of events, and reconnects. Returns the function that stops it. */
export function followStream<T>(follower: Follower<T>): () => void {
  const ending = new AbortController();
  void run(follower, ending.signal);
  return () => ending.abort();
}

async function run<T>(follower: Follower<T>, ending: AbortSignal): Promise<void> {
  follower.onState?.("connecting");
  for (let isFirst = true; ; isFirst = false) {
    const state = await connect(follower, ending, isFirst).catch(() => "broken" as const);
    if (ending.aborted || state === "refused") return;
    if (document.hidden) await untilVisible();
    follower.onState?.(state);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
    if (ending.aborted) return;
  }
}

async function connect<T>(
  { path, query, lastId, onItem, onState, onReconnect }: Follower<T>,
  ending: AbortSignal,
  isFirst: boolean,
): Promise<"broken" | "full" | "refused"> {
  if (!isFirst) await onReconnect?.();
  const limits = limitConnection();
  try {
    const key = session.value.current?.key ?? "";
    const last = lastId();
    const response = await fetch(`${path}?${query}`, {
      headers: {
        Authorization: authorization(key),
        ...(last !== undefined && { "Last-Event-ID": last }),
      },
      signal: AbortSignal.any([ending, limits.signal]),
    });
    if (response.status === 401) {
      dropKey(key, KEY_REFUSED);
      return "refused";
    }
    if (!response.ok || !response.body) return response.status === 409 ? "full" : "broken";
    onState?.("live");
    const events = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream({ onComment: limits.onActivity }))
      .getReader();
    for (;;) {
      const { done, value } = await events.read();
      if (done) return "broken";
      limits.onActivity();
      onItem(JSON.parse(value.data) as T, value.id);
    }
  } finally {
    limits.clear();
  }
}

/** Aborts a connection that is silent, or whose tab is hidden, for too long. */
function limitConnection() {
  const controller = new AbortController();
  const abort = () => controller.abort();
  let silence = setTimeout(abort, MAX_SILENCE_MILLISECONDS);
  let hidden: ReturnType<typeof setTimeout> | undefined;
  const onVisibility = () => {
    clearTimeout(hidden);
    if (document.hidden) hidden = setTimeout(abort, MAX_HIDDEN_MILLISECONDS);
  };
  document.addEventListener("visibilitychange", onVisibility);
  return {
    signal: controller.signal,
    onActivity: () => {
      clearTimeout(silence);
      silence = setTimeout(abort, MAX_SILENCE_MILLISECONDS);
    },
    clear: () => {
      clearTimeout(silence);
      clearTimeout(hidden);
      document.removeEventListener("visibilitychange", onVisibility);
    },
  };
}

function untilVisible(): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", check);
      resolve();
    };
    document.addEventListener("visibilitychange", check);
  });
}
