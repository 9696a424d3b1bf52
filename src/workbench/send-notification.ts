import { STALE_MILLISECONDS } from "../domain/deliveries.ts";
import { signNotification, wrongToken } from "../domain/notification-signature.ts";
import {
  DELIVERY_TIMEOUT_MILLISECONDS,
  MAX_RESPONSE_BYTES,
  SIGNATURE_HEADER,
} from "../domain/notifications.ts";
import { recordedText } from "../domain/recorded-text.ts";
import type { Webhook } from "../domain/webhooks.ts";
import type { DueDelivery } from "./deliveries.ts";
import type { AttemptOutcome } from "./notification-log.ts";

/** The headers of an attempt. A fault alters only the signature of a delivery's first attempt. */
export async function headersOf(
  { signing_token, signature }: Webhook,
  { delivery, notification }: DueDelivery,
  now: number,
): Promise<Record<string, string>> {
  const fault = delivery.attempt_count === 0 ? notification.fault?.fault : undefined;
  const signed = await signNotification({
    ...signature,
    token: fault === "invalid_signature" ? wrongToken(signing_token) : signing_token,
    body: notification.body,
    at: fault === "stale_signature" ? now - STALE_MILLISECONDS : now,
  });
  return {
    "Content-Type": "application/json",
    "User-Agent": "Orders-Sandbox",
    [SIGNATURE_HEADER]: signed,
  };
}

/** Whether a fault keeps an attempt from being sent. */
export function isLost({ delivery, notification }: DueDelivery): boolean {
  return delivery.attempt_count === 0 && notification.fault?.fault === "lost_notification";
}

/** The outcome of an attempt that is not sent. */
export function unsent(
  url: string | undefined,
  headers: Record<string, string>,
  error: string,
): AttemptOutcome {
  const attempt = { at: Date.now(), url: url ?? null, headers, ms: 0 };
  return { ...attempt, status: null, response_body: null, error };
}

/** Sends a notification and waits for the response. Follows no redirect. */
export async function sendNotification(
  url: string,
  headers: Record<string, string>,
  body: string,
): Promise<AttemptOutcome> {
  const at = Date.now();
  // Unlike AbortSignal.timeout, the timer can be cleared: a running one keeps the object from being evicted.
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), DELIVERY_TIMEOUT_MILLISECONDS);
  const { signal } = controller;
  const attempt = { at, url, headers };
  try {
    const response = await fetch(url, {
      method: "POST",
      headers,
      body,
      redirect: "manual",
      signal,
    });
    const response_body = await readStart(response);
    const { status } = response;
    return { ...attempt, status, response_body, ms: Date.now() - at, error: null };
  } catch (error) {
    const ms = Date.now() - at;
    return { ...attempt, status: null, response_body: null, ms, error: reasonOf(error, signal) };
  } finally {
    clearTimeout(timer);
  }
}

/** Reads the start of a body. If the body breaks off, returns the received part. */
async function readStart({ body }: Response): Promise<string> {
  if (!body) return "";
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    while (bytes < MAX_RESPONSE_BYTES) {
      const { done, value } = await reader.read();
      if (done) break;
      const left = value.subarray(0, MAX_RESPONSE_BYTES - bytes);
      text += decoder.decode(left, { stream: true });
      bytes += left.byteLength;
    }
    await reader.cancel();
  } catch {
    // The status alone decides, even if the body breaks off.
  }
  return recordedText(text, MAX_RESPONSE_BYTES).text;
}

function reasonOf(error: unknown, signal: AbortSignal): string {
  const seconds = DELIVERY_TIMEOUT_MILLISECONDS / 1_000;
  if (signal.aborted) return `No response within ${seconds} seconds.`;
  const message = error instanceof Error ? error.message : String(error);
  return `The connection failed: ${message}`;
}
