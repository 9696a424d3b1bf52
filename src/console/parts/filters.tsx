import { useEffect, useState } from "preact/hooks";
import { setQuery } from "../location.ts";

const TYPING_MILLISECONDS = 250;

/** A text that is applied when the user stops typing, unless `isSame` finds it equal to the applied one. */
export function useTyped(
  applied: string,
  apply: (text: string) => void,
  isSame = (text: string, other: string) => text.trim() === other,
) {
  const [text, setText] = useState(applied);
  useEffect(() => {
    if (!isSame(text, applied)) setText(applied);
  }, [applied]);
  useEffect(() => {
    if (isSame(text, applied)) return undefined;
    const timer = setTimeout(() => apply(text.trim()), TYPING_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [text]);
  return [text, setText] as const;
}

interface FilterProps {
  name: string;
  label: string;
  query: URLSearchParams;
}

interface TextFilterProps extends FilterProps {
  placeholder: string;
  class?: string;
  /** Whether the shortcut `/` focuses this field. */
  isSearch?: boolean;
}

export function TextFilter({ name, label, placeholder, query, ...props }: TextFilterProps) {
  const [text, setText] = useTyped(query.get(name) ?? "", (value) => setQuery(name, value));
  return (
    <label class={props.class}>
      <span>{label}</span>
      <input
        type="search"
        name={name}
        placeholder={placeholder}
        value={text}
        autocomplete="off"
        spellcheck={false}
        data-search={props.isSearch}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </label>
  );
}

export function SelectFilter({ name, label, query, options }: FilterProps & { options: string[] }) {
  return (
    <label>
      <span>{label}</span>
      <select
        value={query.get(name) ?? ""}
        onChange={(event) => setQuery(name, event.currentTarget.value)}
      >
        <option value="">any</option>
        {options.map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
      </select>
    </label>
  );
}
