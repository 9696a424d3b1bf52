import type { ComponentChildren } from "preact";

export interface Mark {
  reason: string;
  class?: "warning";
  /** Whether the name is wrong, not the value. */
  isName?: boolean;
}

/** The marked fields of a body, by the path that error responses use. */
export type Marks = ReadonlyMap<string, Mark>;

/** A body as formatted JSON with marked fields; unchanged if it is not JSON. */
export function Json({ text, marks }: { text: string; marks: Marks }) {
  const parsed = parse(text);
  if (parsed === undefined) return <pre tabIndex={0}>{text}</pre>;
  return (
    <pre tabIndex={0}>
      <Part value={parsed.value} path="" indent="" marks={marks} />
    </pre>
  );
}

/** Whether a body contains a field. */
export function has(text: string | undefined, path: string): boolean {
  let value = parse(text ?? "")?.value;
  for (const name of path.split(/[.[\]]+/).filter(Boolean)) {
    if (typeof value !== "object" || value === null || !(name in value)) return false;
    value = (value as Record<string, unknown>)[name];
  }
  return true;
}

export function parse(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

interface PartProps {
  value: unknown;
  path: string;
  indent: string;
  marks: Marks;
}

function Part({ value, path, indent, marks }: PartProps) {
  const content = contentOf(value, path, indent, marks);
  const mark = marks.get(path);
  return <Marked mark={mark?.isName ? undefined : mark}>{content}</Marked>;
}

function Marked({ mark, children }: { mark: Mark | undefined; children: ComponentChildren }) {
  if (!mark) return <>{children}</>;
  return (
    <mark class={mark.class} title={mark.reason}>
      {children}
    </mark>
  );
}

function contentOf(value: unknown, path: string, indent: string, marks: Marks): ComponentChildren {
  if (typeof value !== "object" || value === null) {
    const kind = typeof value === "string" ? "text" : "number";
    return <span class={kind}>{JSON.stringify(value)}</span>;
  }
  const isArray = Array.isArray(value);
  const entries = Object.entries(value);
  const [open, close] = isArray ? ["[", "]"] : ["{", "}"];
  if (entries.length === 0) return open + close;
  const inner = `${indent}  `;
  return [
    `${open}\n`,
    ...entries.map(([name, each], index) => {
      const inside = isArray ? `${path}[${name}]` : path ? `${path}.${name}` : name;
      const mark = marks.get(inside);
      return (
        <>
          {inner}
          {!isArray && (
            <span class="name">
              <Marked mark={mark?.isName ? mark : undefined}>{JSON.stringify(name)}</Marked>:{" "}
            </span>
          )}
          <Part value={each} path={inside} indent={inner} marks={marks} />
          {index < entries.length - 1 ? ",\n" : "\n"}
        </>
      );
    }),
    indent + close,
  ];
}
