import { useEffect, useState } from "preact/hooks";
import { setQuery } from "../location.ts";

const TYPING_MILLISECONDS = 250;

interface FilterProps {
  name: string;
  label: string;
  query: URLSearchParams;
}

interface TextFilterProps extends FilterProps {
  placeholder: string;
  class?: string;
  /** Whether the key / moves the focus here. */
  isSearch?: boolean;
}

/** Applies its text once the typing pauses. */
export function TextFilter({ name, label, placeholder, query, ...props }: TextFilterProps) {
  const applied = query.get(name) ?? "";
  const [text, setText] = useState(applied);
  useEffect(() => setText(applied), [applied]);
  useEffect(() => {
    if (text.trim() === applied) return undefined;
    const timer = setTimeout(() => setQuery(name, text.trim()), TYPING_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [text]);
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
