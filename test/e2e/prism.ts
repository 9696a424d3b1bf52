import { Program } from "./program.ts";

/** Prism as a proxy in front of a sandbox. It validates requests and responses against the OpenAPI document. */
export class Prism extends Program {
  readonly url: string;

  constructor(port: number, upstream: string) {
    super(
      "prism",
      ["proxy", "src/generated/openapi.json", upstream, "--port", `${port}`, "--errors"],
      "Prism is listening",
    );
    this.url = `http://127.0.0.1:${port}`;
  }
}
