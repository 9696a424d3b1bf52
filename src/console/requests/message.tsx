import { plural } from "../format.ts";
import { Json, type Marks } from "../parts/json.tsx";
import { HeaderList } from "../parts/values.tsx";

export interface MessageProps {
  title: string;
  first: string;
  headers: Record<string, string>;
  body?: string;
  cut?: true;
  marks?: Marks;
}

const NO_MARKS: Marks = new Map();

export function Message({ title, first, headers, body, cut, marks = NO_MARKS }: MessageProps) {
  return (
    <>
      <h2>{title}</h2>
      <p class="first">
        <code>{first}</code>
      </p>
      <details>
        <summary>{plural(Object.keys(headers).length, "header")}</summary>
        <HeaderList headers={headers} />
      </details>
      {body !== undefined && <Json text={body} marks={marks} />}
      {cut && <p class="quiet">The rest of the body was not stored.</p>}
    </>
  );
}
