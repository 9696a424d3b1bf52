import { useEffect, useState } from "preact/hooks";
import { setQuery } from "../location.ts";
import { Field, SelectField } from "./fields.tsx";

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
    <Field label={label} class={props.class}>
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
    </Field>
  );
}

interface SelectFilterProps extends FilterProps {
  options: string[];
  /** What an option is called on the page. */
  labelOf?: (option: string) => string;
}

export function SelectFilter({ name, label, query, options, labelOf = String }: SelectFilterProps) {
  return (
    <SelectField
      label={label}
      value={query.get(name) ?? ""}
      options={[["", "any"], ...options.map((option) => [option, labelOf(option)] as const)]}
      onChange={(value) => setQuery(name, value)}
    />
  );
}
