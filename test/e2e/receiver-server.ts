/** A server that receives notifications over real connections. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { TestProject } from "vitest/node";
import type { PlannedResponse, ReceivedNotification } from "../support/received-notification.ts";

/** Receives at `/notify/NAME`. `/plan/NAME` sets the next responses, and `/received/NAME` returns what arrived. */
export class ReceiverServer {
  readonly #received = new Map<string, ReceivedNotification[]>();
  readonly #planned = new Map<string, PlannedResponse[]>();
  readonly #server = createServer((request, response) => void this.#respond(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    const [, kind, name = ""] = request.url!.split("/");
    if (kind === "received") {
      response.end(JSON.stringify(this.#received.get(name) ?? []));
    } else if (kind === "plan") {
      this.#planned.set(name, JSON.parse(body) as PlannedResponse[]);
      response.end();
    } else {
      await this.#receive(name, request, body, response);
    }
  }

  async #receive(
    name: string,
    request: IncomingMessage,
    body: string,
    response: ServerResponse,
  ): Promise<void> {
    const headers = request.headers as Record<string, string>;
    const all = this.#received.get(name) ?? [];
    this.#received.set(name, [...all, { headers, body, at: Date.now() }]);
    const plan = this.#planned.get(name)?.shift() ?? {};
    await sleep(plan.delay_ms ?? 0);
    if (plan.hangsUp) {
      request.socket.destroy();
      return;
    }
    response.writeHead(plan.status ?? 200, plan.headers);
    response.end(plan.body ?? "ok");
  }
}

/** For the tests of the Worker. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = new ReceiverServer();
  project.provide("receiverUrl", await server.start());
  return () => server.close();
}
