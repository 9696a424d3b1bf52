import { unauthenticated } from "../http/errors.ts";

/**
 * Parses the key or token in an `Authorization` header. The scheme is Bearer, or Basic with the key as user name and
 * an empty password. Throws a 401 with a message about the `name`, such as `API key`.
 */
export function parseCredentials(header: string | undefined, name: string): string {
  if (header === undefined) {
    throw unauthenticated(`Missing ${name}. Send the header Authorization: Bearer <key>.`);
  }
  const [, scheme = "", credentials = ""] = /^(\S+) +(\S+)$/.exec(header.trim()) ?? [];
  if (scheme.toLowerCase() === "bearer") return credentials;
  if (scheme.toLowerCase() === "basic") return userNameOf(credentials);
  throw unauthenticated(
    "Expected Authorization: Bearer <key>, or Basic with the key as user name.",
  );
}

function userNameOf(credentials: string): string {
  const pair = decodeBase64(credentials);
  if (!pair?.endsWith(":")) {
    throw unauthenticated(
      "Expected Basic credentials with the key as user name and an empty password: base64(<key>:).",
    );
  }
  return pair.slice(0, -1);
}

function decodeBase64(text: string): string | undefined {
  try {
    return atob(text);
  } catch {
    return undefined;
  }
}
