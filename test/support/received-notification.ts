/** What a receiver responds next. */
export interface PlannedResponse {
  status?: number;
  body?: string;
  delay_ms?: number;
  headers?: Record<string, string>;
  /** Whether it closes the connection without a response. */
  hangsUp?: boolean;
}

/** A notification as it arrived. */
export interface ReceivedNotification {
  headers: Record<string, string>;
  body: string;
  /** In milliseconds since 1970. */
  at: number;
}

declare module "vitest" {
  export interface ProvidedContext {
    receiverUrl: string;
  }
}
