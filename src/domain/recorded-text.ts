/** Texts and headers as they are stored: without keys, and cut to a size. */
import { MAX_RECORDED_HEADER_BYTES } from "./requests.ts";
import { bytesOf } from "./stored-bytes.ts";

/**
 * The keys of the local seed, and generated ones: 32 random characters, and 43 more if the key is signed. If other
 * characters follow the 32, only letters of both cases distinguish a key from an ID such as `test_<UUID>`.
 */
const KEY =
  /test_(?:sandbox_[ab](?![\w-])|[\w-]{75}|[\w-]{32}(?![\w-])|(?=[\w-]{0,31}[A-Z])(?=[\w-]{0,31}[a-z])[\w-]{32})/g;
/** A character of a key, escaped as in a URL or in JSON. */
const ESCAPED = /(?:%|\\u00)(2d|3\d|[46][1-9a-f]|[57][\da]|5f)/gi;
const MASKED_KEY = "test_***";

/** Replaces API keys in a text, even if some of their characters are escaped. */
export function maskKeys(text: string): string {
  const plain = text.replace(ESCAPED, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  if (!plain.includes("test_")) return text;
  const masked = plain.replace(KEY, MASKED_KEY);
  return masked === plain ? text : masked;
}

/** A text as it is stored. */
interface RecordedText {
  text: string;
  /** Whether the end is missing. */
  isCut: boolean;
  /** Whether a key was masked. */
  isMasked: boolean;
}

/** Masks the keys in a text, and cuts it between two characters. */
export function recordedText(text: string, maxBytes: number): RecordedText {
  // Masked first, so that the cut leaves no half of a key.
  const masked = maskKeys(text);
  const isMasked = masked !== text;
  // A UTF-16 code unit has at most three bytes in UTF-8.
  if (masked.length * 3 <= maxBytes) return { text: masked, isCut: false, isMasked };
  const { read } = encoder.encodeInto(masked, new Uint8Array(maxBytes));
  return { text: masked.slice(0, read), isCut: read < masked.length, isMasked };
}

const encoder = new TextEncoder();

/** Headers that identify the sender, and those that the network adds. */
const OMITTED_HEADERS =
  /^(authorization|proxy-authorization|cookie|set-cookie|forwarded|x-forwarded-.*|x-real-ip|x-client-ip|true-client-ip|cf-.*|mf-.*)$/;

/** Headers as they are stored: without credentials and proxies' headers, cut to `MAX_RECORDED_HEADER_BYTES`. */
export function recordedHeaders(headers: Iterable<[name: string, content: string]>): {
  headers: Record<string, string>;
  isCut: boolean;
  isMasked: boolean;
} {
  const recorded: Record<string, string> = {};
  let left = MAX_RECORDED_HEADER_BYTES;
  let hasMask = false;
  for (const [name, content] of headers) {
    if (OMITTED_HEADERS.test(name)) continue;
    left -= name.length;
    if (left < 0) return { headers: recorded, isCut: true, isMasked: hasMask };
    const { text, isCut, isMasked } = recordedText(content, left);
    recorded[name] = text;
    left -= bytesOf(text);
    hasMask ||= isMasked;
    if (isCut) return { headers: recorded, isCut, isMasked: hasMask };
  }
  return { headers: recorded, isCut: false, isMasked: hasMask };
}
