/** Reads the members of a request, and gives its own faults (READING.md, section 15). */

import { VcpError } from "./errors.js";
import { hasLoneSurrogate } from "./json.js";
import { timestampOf } from "./values.js";

export type Request = Readonly<Record<string, unknown>>;

/** A byte that is never part of UTF-8. It stands for text that has no bytes in UTF-8. */
const NO_UTF8 = Uint8Array.of(0xff);

/** Reads an optional text. Null counts as absent. */
export function optionalText(request: Request, name: string): string | undefined {
  const value = request[name] ?? undefined;
  if (value !== undefined && typeof value !== "string") {
    throw new VcpError("VCP_E004", `$.${name}`);
  }
  return value;
}

/** Reads a text that must be there. */
export function requiredText(request: Request, name: string): string {
  const value = optionalText(request, name);
  if (value === undefined) {
    throw new VcpError("VCP_E005", `$.${name}`);
  }
  return value;
}

/** Reads a text that must be one of some words. */
export function requiredWord(request: Request, name: string, words: readonly string[]): string {
  const word = requiredText(request, name);
  if (!words.includes(word)) {
    throw new VcpError("VCP_E004", `$.${name}`);
  }
  return word;
}

/** Reads `now`, which must be a timestamp if it is there. */
export function optionalNow(request: Request): string | undefined {
  const now = optionalText(request, "now");
  if (now !== undefined && timestampOf(now) === undefined) {
    throw new VcpError("VCP_E001", "$.now");
  }
  return now;
}

/** Reads the bytes of `input_text` or `input_base64`, or of `body_text` or `body_base64`. */
export function requiredBytes(request: Request, stem: "input" | "body"): Uint8Array {
  const text = optionalText(request, `${stem}_text`);
  if (text !== undefined) {
    return hasLoneSurrogate(text) ? NO_UTF8 : Buffer.from(text, "utf8");
  }
  const encoded = optionalText(request, `${stem}_base64`);
  if (encoded === undefined) {
    throw new VcpError("VCP_E005", `$.${stem}_text`);
  }
  const bytes = base64Of(encoded);
  if (bytes === undefined) {
    throw new VcpError("VCP_E001", `$.${stem}_base64`);
  }
  return bytes;
}

/** Decodes padded base64 without white space and with unused bits of zero, or gives nothing. */
export function base64Of(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : undefined;
}
