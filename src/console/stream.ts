import { authorization, KEY_REFUSED, type RecordedRequest } from "./api.ts";
import { refuseKey, session } from "./session.ts";

export type StreamState = "connecting" | "live" | "broken" | "full";

interface Watch {
  query: URLSearchParams;
  /** The id of the last request that is known. */
  last: () => string | undefined;
  onRequests: (requests: RecordedRequest[]) => void;
  onState: (state: StreamState) => void;
  /** Called before each connection but the first. */
  onResume?: () => Promise<void>;
}

const RETRY_MILLISECONDS = 1_000;
/** The sandbox says that it is there every 15 seconds. */
const SILENT_MILLISECONDS = 40_000;
const HIDDEN_MILLISECONDS = 30_000;
/** Before all ids: what has no last one yet is sent all that there is. */
const BEFORE_ALL = "1";

/** Follows the requests as they happen, and goes on after the last one that came. EventSource can't send a key. */
export function watch({ query, last, onRequests, onState, onResume }: Watch): () => void {
  const ending = new AbortController();
  void follow();
  return () => ending.abort();

  async function follow(): Promise<void> {
    onState("connecting");
    for (let times = 0; !ending.signal.aborted; times += 1) {
      const state = await connect(times > 0).catch(() => "broken" as const);
      if (ending.signal.aborted || state === "refused") return;
      if (document.hidden) await visible();
      onState(state);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
    }
  }

  async function connect(isAgain: boolean): Promise<"broken" | "full" | "refused"> {
    if (isAgain) await onResume?.();
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENT_MILLISECONDS);
    // A browser has six connections to a server, for all its tabs: those that nobody sees give theirs back.
    let hiding: ReturnType<typeof setTimeout> | undefined;
    const hide = () => {
      clearTimeout(hiding);
      if (document.hidden) hiding = setTimeout(() => silence.abort(), HIDDEN_MILLISECONDS);
    };
    document.addEventListener("visibilitychange", hide);
    try {
      const { current } = session.value;
      const response = await fetch(`/sandbox/requests/stream?${query}`, {
        headers: { Authorization: authorization(), "Last-Event-ID": last() ?? BEFORE_ALL },
        signal: AbortSignal.any([ending.signal, silence.signal]),
      });
      if (response.status === 401) {
        refuseKey(current?.key ?? "", KEY_REFUSED);
        return "refused";
      }
      if (!response.ok || !response.body) return response.status === 409 ? "full" : "broken";
      onState("live");
      let rest = "";
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return "broken";
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENT_MILLISECONDS);
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop()!;
        const requests = blocks.flatMap(requestIn);
        if (requests.length > 0) onRequests(requests);
      }
    } finally {
      document.removeEventListener("visibilitychange", hide);
      clearTimeout(hiding);
      clearTimeout(timer);
    }
  }
}

function visible(): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
  });
}

function requestIn(block: string): RecordedRequest[] {
  const data = block.split("\n").find((line) => line.startsWith("data: "));
  return data ? [JSON.parse(data.slice("data: ".length)) as RecordedRequest] : [];
}
