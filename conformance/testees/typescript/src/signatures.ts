/** Verifies deliveries by the schemes `retell` and `standard_webhooks` (SIGNATURES.md). */

import { createHmac, timingSafeEqual } from "node:crypto";
import { addressOf, contains, networkOf } from "./addresses.js";
import type { Network } from "./addresses.js";
import { readConfig } from "./config.js";
import type { Config } from "./config.js";
import { Unsupported, VcpError } from "./errors.js";
import { base64Of, optionalText, requiredBytes, requiredText } from "./requests.js";
import type { Request } from "./requests.js";
import { asciiLower, timestampOf, writeInstant } from "./values.js";

/** What a delivery claims: its signatures, the text that they sign, and the time in ms. */
interface Claim {
  readonly signatures: readonly Buffer[];
  readonly signed: readonly (string | Uint8Array)[];
  readonly time: bigint;
}

interface Scheme {
  readonly key: (secret: string) => Buffer | undefined;
  readonly claim: (headers: Headers, body: Uint8Array) => Claim;
}

interface Secret {
  readonly id: string;
  readonly secret: string;
}

type Headers = readonly (readonly [string, string])[];

const SCHEMES = new Map<string, Scheme>([
  ["retell", { key: plainKey, claim: retellClaim }],
  ["standard_webhooks", { key: webhookKey, claim: webhookClaim }],
]);

/** The scheme of each provider. Those without one here are left out by this testee. */
const PROVIDERS = new Map([
  ["retell", "retell"],
  ["openai_realtime", "standard_webhooks"],
  ["openai", "standard_webhooks"],
  ["elevenlabs", ""],
  ["bland", ""],
  ["vapi", ""],
  ["assistable", ""],
]);

const DEFAULT_TOLERANCE_SEC = 300;
const LARGEST_INTEGER = 9_223_372_036_854_775_807n;

/** Answers `verify`. The checks have the order of section 3. */
export function verify(request: Request): Record<string, string | null> {
  const scheme = schemeOf(request);
  const config = readConfig(request);
  const headers = headersOf(request);
  const secrets = secretsOf(request);
  const now = nowOf(request);
  const body = requiredBytes(request, "body");
  const source = sourceOf(request);

  const keys = secrets.map(({ id, secret }) => ({ id, key: keyOf(scheme, secret) }));
  const tolerance = toleranceOf(config);
  checkAddress(config, source);
  if (keys.length === 0) {
    return { outcome: "nothing_to_verify" };
  }
  const claim = scheme.claim(headers, body);
  const match = keys.find(({ key }) => matches(claim, key));
  if (match === undefined) {
    throw new VcpError("VCP_E204", "$.headers");
  }
  checkTime(BigInt(now) - claim.time, BigInt(tolerance));
  return { outcome: "verified", key_id: match.id, signed_at: signedAt(claim.time) };
}

// The request (section 2)

/** Finds the scheme by its name or by that of the provider. */
function schemeOf(request: Request): Scheme {
  const given = optionalText(request, "scheme");
  const name = given ?? PROVIDERS.get(asciiLower(requiredText(request, "provider")));
  if (name === undefined) {
    throw new VcpError("VCP_E009", "$.provider");
  }
  const scheme = SCHEMES.get(name);
  if (scheme === undefined) {
    throw new Unsupported(`the scheme ${name || "of this provider"}`);
  }
  return scheme;
}

/** Reads a list that must be there. */
function requiredList(request: Request, name: string): readonly unknown[] {
  const value = request[name] ?? undefined;
  if (!Array.isArray(value)) {
    throw new VcpError(value === undefined ? "VCP_E005" : "VCP_E004", `$.${name}`);
  }
  return value as unknown[];
}

/** Reads the pairs of names and values. */
function headersOf(request: Request): Headers {
  return requiredList(request, "headers").map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2 || !pair.every(isText)) {
      throw new VcpError("VCP_E004", "$.headers");
    }
    return pair as [string, string];
  });
}

/** Reads the secrets with their ids. */
function secretsOf(request: Request): Secret[] {
  return requiredList(request, "secrets").map((each) => {
    const { id, secret } = (each ?? {}) as Partial<Secret>;
    if (!isText(id) || !isText(secret)) {
      throw new VcpError("VCP_E004", "$.secrets");
    }
    return { id, secret };
  });
}

/** Tells whether a value is a text. */
function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Reads `now` in ms. Digits after the third of the fraction are dropped. */
function nowOf(request: Request): number {
  const now = timestampOf(requiredText(request, "now"));
  if (now === undefined) {
    throw new VcpError("VCP_E001", "$.now");
  }
  return now.wholeSeconds + Number(now.fraction.slice(0, 3).padEnd(3, "0"));
}

/** Reads the address of the sender. */
function sourceOf(request: Request): Network | undefined {
  const text = optionalText(request, "source");
  const address = text === undefined ? undefined : addressOf(text);
  if (text !== undefined && address === undefined) {
    throw new VcpError("VCP_E004", "$.source");
  }
  return address;
}

// The settings and the address (sections 3 to 5 and 7)

/** Makes the key of a secret, which must not be empty. */
function keyOf(scheme: Scheme, secret: string): Buffer {
  const key = scheme.key(secret);
  if (key === undefined || key.length === 0) {
    throw new VcpError("VCP_E210", "$.secrets");
  }
  return key;
}

/** Uses the bytes of a secret as the key. */
function plainKey(secret: string): Buffer {
  return Buffer.from(secret, "utf8");
}

/** Decodes a secret that begins with `whsec_`. */
function webhookKey(secret: string): Buffer | undefined {
  return secret.startsWith("whsec_") ? base64Of(secret.slice("whsec_".length)) : plainKey(secret);
}

/** Gives the window in ms, in both directions (step 4). */
function toleranceOf(config: Config): number {
  const tolerance = config.tolerance_sec ?? DEFAULT_TOLERANCE_SEC;
  if (tolerance < 1 || tolerance > 86_400) {
    throw new VcpError("VCP_E210", "$.config.tolerance_sec");
  }
  return tolerance * 1000;
}

/** Checks the sender, if there is a list (steps 5 and 6). */
function checkAddress(config: Config, source: Network | undefined): void {
  if (config.allow_from === undefined) {
    return;
  }
  const networks = config.allow_from.map(networkOf);
  if (networks.length === 0 || networks.includes(undefined) || source === undefined) {
    throw new VcpError("VCP_E210", "$.config.allow_from");
  }
  if (!networks.some((network) => network !== undefined && contains(network, source))) {
    throw new VcpError("VCP_E207", "$.source");
  }
}

// The structure (section 6)

/** Reads a header that must be there once. Its value is not trimmed. */
function headerOf(headers: Headers, name: string): string {
  const [found, ...more] = headers.filter(([each]) => asciiLower(each) === name);
  if (found === undefined) {
    throw new VcpError("VCP_E202", "$.headers", `${name} is missing`);
  }
  if (more.length > 0) {
    throw malformed(name);
  }
  return found[1];
}

/** Makes the error of a malformed header. */
function malformed(name: string): VcpError {
  return new VcpError("VCP_E203", "$.headers", `${name} is malformed`);
}

/** Reads *digits* of section 5 up to a largest value, or gives nothing. */
function digitsOf(text: string, largest: bigint): bigint | undefined {
  const significant = text.replace(/^0+(?=.)/, "");
  if (!/^[0-9]{1,19}$/.test(significant)) {
    return undefined;
  }
  const value = BigInt(significant);
  return value <= largest ? value : undefined;
}

/** Reads a delivery of Retell (6.1). */
function retellClaim(headers: Headers, body: Uint8Array): Claim {
  const name = "x-retell-signature";
  const parts = /^v=(0|[1-9][0-9]*),d=([0-9a-f]{64})$/.exec(headerOf(headers, name));
  const digits = parts?.[1] ?? "";
  const time = digitsOf(digits, LARGEST_INTEGER);
  if (time === undefined) {
    throw malformed(name);
  }
  return { signatures: [Buffer.from(parts?.[2] ?? "", "hex")], signed: [body, digits], time };
}

/** Reads a delivery of Standard Webhooks (6.3). */
function webhookClaim(headers: Headers, body: Uint8Array): Claim {
  const id = headerOf(headers, "webhook-id");
  const timestamp = headerOf(headers, "webhook-timestamp");
  const signature = headerOf(headers, "webhook-signature");
  if (id === "" || id.includes(".")) {
    throw malformed("webhook-id");
  }
  const seconds = digitsOf(timestamp, LARGEST_INTEGER / 1000n);
  if (seconds === undefined) {
    throw malformed("webhook-timestamp");
  }
  const signatures = webhookSignatures(signature);
  if (!/^[\u0000-\u007f]*$/.test(signature) || signatures.length === 0) {
    throw malformed("webhook-signature");
  }
  return { signatures, signed: [id, ".", timestamp, ".", body], time: seconds * 1000n };
}

/** Gives the entries that are signatures. All other entries are ignored. */
function webhookSignatures(value: string): Buffer[] {
  return value
    .split(" ")
    .map((entry) => base64Of(entry.replace(/^v1,/, "")))
    .filter((bytes) => bytes !== undefined)
    .filter((bytes) => bytes.length === 32);
}

// The signature and the time (section 5)

/** Compares every signature in constant time. */
function matches(claim: Claim, key: Buffer): boolean {
  const hmac = createHmac("sha256", key);
  claim.signed.forEach((part) => hmac.update(part));
  const digest = hmac.digest();
  return claim.signatures.some((signature) => timingSafeEqual(signature, digest));
}

/** Checks the age in ms against the window. */
function checkTime(age: bigint, tolerance: bigint): void {
  if (age > tolerance) {
    throw new VcpError("VCP_E205", "$.headers");
  }
  if (-age > tolerance) {
    throw new VcpError("VCP_E206", "$.headers");
  }
}

/** Writes the time of signing in UTC, with ms only if there are any (section 1). */
function signedAt(time: bigint): string | null {
  const ms = Number(time % 1000n);
  const fraction = ms === 0 ? "" : String(ms).padStart(3, "0");
  return writeInstant(Number(time) - ms, fraction) ?? null;
}
