import { describe, expect, it } from "vitest";
import { addressProblem } from "../../src/domain/webhook-addresses.ts";

const OWN_HOST = "sandbox.partner-tools.dev";
const deployed = (url: string) => addressProblem(url, { anyAddress: false, ownHosts: [OWN_HOST] });
const local = (url: string) => addressProblem(url, { anyAddress: true, ownHosts: [] });

describe("a deployed sandbox", () => {
  it.each([
    "https://partner.com/imprint",
    "https://hooks.partner.co.uk/a/b?c=d#e",
    "https://partner.com:443/",
    "https://PARTNER.com./",
    "https://xn--mnchen-3ya.de/",
    "https://a1.b2.partner.io/",
  ])("sends to %s", (url) => expect(deployed(url)).toBeUndefined());

  it.each([
    "http://partner.com/",
    "ftp://partner.com/",
    "file:///etc/passwd",
    "not a URL",
    "https://",
    "https://user@partner.com/",
    "https://user:password@partner.com/",
    "https://partner.com@127.0.0.1/",
    "https://partner.com:8443/",
    "https://partner.com:22/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.0.0.1./",
    "https://１２７.０.０.１/",
    "https://①②⑦.⓪.⓪.①/",
    "https://%31%32%37.0.0.1/",
    "https://0.0.0.0/",
    "https://0/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://8.8.8.8/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[fe80::1]/",
    "https://[fd00::1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2606:4700::1111]/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://app.localhost/",
    "https://ｌｏｃａｌｈｏｓｔ/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://router.lan/",
    "https://nas.home.arpa/",
    "https://1.0.0.127.in-addr.arpa/",
    "https://intranet/",
    "https://127.0.0.1.nip.io/",
    "https://7f000001.nip.io/",
    "https://app.10-0-0-1.partner.com/",
    "https://localtest.me/",
    "https://anything.lvh.me/",
    `https://${OWN_HOST}/sandbox/notifications`,
    `https://${OWN_HOST.toUpperCase()}./`,
    `https://${OWN_HOST.replaceAll(".", "。")}/`,
  ])("does not send to %s", (url) => expect(deployed(url)).toMatch(/^Expected /));

  it.each([
    ["https://8.8.8.8/", "Expected a public host name, not an IP address"],
    ["https://[2606:4700::1111]/", "Expected a public host name, not an IP address"],
    ["https://localhost/", "Expected a public host name, not one of a private network"],
    ["https://8.8.8.8.nip.io/", "Expected a host name without an IP address in it"],
    [`https://${OWN_HOST}/`, "Expected another host than the sandbox itself"],
  ])("explains why it does not send to %s", (url, problem) => expect(deployed(url)).toBe(problem));
});

describe("a local sandbox", () => {
  it.each([
    "http://localhost:3000/imprint",
    "http://127.0.0.1:3000/",
    "http://[::1]:3000/",
    "http://host.docker.internal:3000/",
    "https://partner.com/",
  ])("sends to %s", (url) => expect(local(url)).toBeUndefined());

  it.each(["ftp://localhost/", "javascript:alert(1)", "http://user@localhost:3000/", "localhost"])(
    "does not send to %s",
    (url) => expect(local(url)).toMatch(/^Expected /),
  );
});
