import { literalOf } from "../../domain/literal.ts";
import { curlOf } from "../format.ts";
import { Copy } from "./feedback.tsx";

export interface AsCodeProps {
  path: string;
  /** The library's function, if it has one. */
  call?: string;
  body: object;
}

/** The request of a form as a curl command, and as a line of a test that uses the library. */
export function AsCode({ path, call, body }: AsCodeProps) {
  const lines: CodeLine[] = [["curl", curlOf(path, body)]];
  if (call) lines.push(["library", `await ${call}(${literalOf(body)});`]);
  return (
    <details class="code">
      <summary>The same in a terminal or a test</summary>
      <CodeLines lines={lines} />
    </details>
  );
}

type CodeLine = [name: string, code: string];

/** Lines of code to copy. */
export function CodeLines({ lines }: { lines: CodeLine[] }) {
  return (
    <>
      {lines.map(([name, code]) => (
        <div key={name} class="row">
          <pre tabIndex={0}>{code}</pre>
          <Copy text={code} subject={`the ${name} line`}>
            Copy
          </Copy>
        </div>
      ))}
    </>
  );
}
