import { unauthenticated } from "../http/errors.ts";

/**
 * The key or token in an `Authorization` header: Bearer, or Basic with it as the user name and an empty password.
 * Throws a 401, which names it as `what`.
 */
export function parseCredentials(header: string | undefined, what: string): string {
  if (header === undefined) {
    throw unauthenticated(`Missing ${what}. Send the header Authorization: Bearer <key>.`);
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
