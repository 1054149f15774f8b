/** Computes and verifies checksums of 0.5 messages (CHECKSUMS.md). */

import { createHash } from "node:crypto";
import { MEMBER_LIMIT } from "./check.js";
import { VcpError } from "./errors.js";
import { hasLoneSurrogate, measure, quote } from "./json.js";
import type { JsonObject, JsonValue } from "./json.js";
import { readMessage, sortedMembers } from "./message.js";
import { MESSAGE } from "./model.js";
import type { Kind, ObjectKind } from "./model.js";
import { byCodePoint, find, itemsOf, member, membersOf, step, stringOf } from "./tree.js";
import { floatOf, pythonFloat, timestampOf } from "./values.js";

export type Algorithm = "legacy" | "jcs";

const JCS_PREFIX = "jcs-sha256:";
const DEPTH_LIMIT = 128;

/** Computes a checksum of a text. */
export function checksum(bytes: Uint8Array, algorithm: Algorithm): string {
  return checksumOf(readMessage(bytes), algorithm);
}

/** Compares `audit.checksum` with the checksum of its algorithm (section 3). */
export function verifyChecksum(bytes: Uint8Array): { result: string; algorithm?: Algorithm } {
  const message = readMessage(bytes);
  const given = stringOf(find(message, ["audit", "checksum"]));
  if (given === undefined) {
    return { result: "absent" };
  }
  if (given.includes(":") && !given.startsWith(JCS_PREFIX)) {
    return { result: "mismatch" };
  }
  const algorithm = given.startsWith(JCS_PREFIX) ? "jcs" : "legacy";
  const result = given === checksumOf(message, algorithm) ? "match" : "mismatch";
  return { result, algorithm };
}

/** Computes a checksum of a written message. */
function checksumOf(message: JsonObject, algorithm: Algorithm): string {
  if (algorithm === "legacy") {
    return sha256(legacyObject(message, MESSAGE, 1));
  }
  checkLimits(message);
  checkForms(message, "$");
  return JCS_PREFIX + sha256(jcs(withoutChecksum(message)));
}

/** Hashes a text in UTF-8. */
function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

// The algorithm `legacy` (section 1)

/** Prints a modelled object: exactly its modelled members, sorted by name (1.1). */
function legacyObject(value: JsonValue, kind: ObjectKind, depth: number): string {
  checkDepth(depth);
  const members = [...kind.members]
    .filter(([name]) => name !== "from_" && !(kind.title === "Audit" && name === "checksum"))
    .map(([name, model]) => {
      const given = member(value, name);
      const printed = given === undefined ? "null" : legacyValue(given, model.kind, depth + 1);
      return [name === "from" ? "from_" : name, printed] as const;
    });
  members.sort(([a], [b]) => byCodePoint(a, b));
  return legacyBraces(members);
}

/** Prints a modelled value. `depth` is that of a list or an object which it may be. */
function legacyValue(value: JsonValue, kind: Kind, depth: number): string {
  switch (kind.type) {
    case "object":
      return legacyObject(value, kind, depth);
    case "capability":
      return value.kind === "object"
        ? legacyObject(value, kind.object, depth)
        : legacyData(value, depth);
    case "map": {
      checkDepth(depth);
      const printed = sortedMembers(value).map(([name, each]) => {
        return [name, legacyValue(each, kind.values, depth + 1)] as const;
      });
      return legacyBraces(printed);
    }
    case "list":
      checkDepth(depth);
      return `[${itemsOf(value)
        .map((item) => legacyValue(item, kind.elements, depth + 1))
        .join(", ")}]`;
    case "timestamp":
      return legacyTime(stringOf(value) ?? "");
    case "float":
      return value.kind === "number" ? pythonFloat(floatOf(value.text)) : "null";
    default:
      return legacyData(value, depth);
  }
}

/** Prints free-form data, and every other value of which JSON tells the form (1.6). */
function legacyData(value: JsonValue, depth: number): string {
  switch (value.kind) {
    case "object": {
      checkDepth(depth);
      const printed = sortedMembers(value).map(([name, each]) => {
        return [name, legacyData(each, depth + 1)] as const;
      });
      return legacyBraces(printed);
    }
    case "list":
      checkDepth(depth);
      return `[${value.items.map((item) => legacyData(item, depth + 1)).join(", ")}]`;
    case "string":
      return legacyString(value.value);
    case "number":
      return legacyNumber(value.text);
    case "boolean":
      return String(value.value);
    case "null":
      return "null";
  }
}

/** Prints members that are sorted and printed already (1.2). */
function legacyBraces(members: readonly (readonly [string, string])[]): string {
  const printed = members.map(([name, value]) => `${legacyString(name)}: ${value}`);
  return `{${printed.join(", ")}}`;
}

/** Prints a string with everything beyond ASCII, and DEL, as escapes (1.3). */
function legacyString(text: string): string {
  return quote(text).replace(/[\u007f-\uffff]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** Prints a number of free-form data (1.4). */
function legacyNumber(digits: string): string {
  if (/[.eE]/.test(digits)) {
    return pythonFloat(Number(digits));
  }
  return digits === "-0" ? "0" : digits;
}

/** Prints a timestamp as the `str` of Python's `datetime` (1.5). */
function legacyTime(text: string): string {
  const { fraction = "", offset = "" } = timestampOf(text) ?? {};
  const micros = fraction.slice(0, 6).padEnd(6, "0");
  const isUtc = ["Z", "z", "+00:00", "-00:00"].includes(offset);
  const shownFraction = micros === "000000" ? "" : `.${micros}`;
  return `"${text.slice(0, 10)} ${text.slice(11, 19)}${shownFraction}${isUtc ? "+00:00" : offset}"`;
}

/** Refuses a level that is too deep (1.7 and 2.1). */
function checkDepth(depth: number): void {
  if (depth > DEPTH_LIMIT) {
    throw new VcpError("VCP_E008", "$", "the message is nested too deep");
  }
}

// The algorithm `jcs` (section 2)

/** Refuses a message that is too deep or too large (2.1, checks 1 and 2). */
function checkLimits(message: JsonObject): void {
  const { depth, members } = measure(message);
  checkDepth(depth);
  if (members > MEMBER_LIMIT) {
    throw new VcpError("VCP_E008", "$", "the message has too many members");
  }
}

/** Refuses the first value without a form (2.1, check 3). */
function checkForms(value: JsonValue, path: string): void {
  if (value.kind === "number" && !Number.isFinite(Number(value.text))) {
    throw new VcpError("VCP_E001", path, "the number is beyond the range of doubles");
  }
  if (value.kind === "string" && hasLoneSurrogate(value.value)) {
    throw new VcpError("VCP_E001", path, "the string has a lone surrogate");
  }
  for (const { name, value: each } of membersOf(value)) {
    if (hasLoneSurrogate(name)) {
      throw new VcpError("VCP_E001", path, "a name has a lone surrogate");
    }
    checkForms(each, step(path, name));
  }
  for (const [index, item] of itemsOf(value).entries()) {
    checkForms(item, `${path}[${index}]`);
  }
}

/** Leaves out `audit.checksum` at the root. */
function withoutChecksum(message: JsonObject): JsonObject {
  const members = message.members.map(({ name, value }) => {
    const kept = membersOf(value).filter((each) => each.name !== "checksum");
    return name === "audit"
      ? { name, value: { kind: "object", members: kept } as const }
      : { name, value };
  });
  return { kind: "object", members };
}

/** Prints a value in the form of RFC 8785. */
function jcs(value: JsonValue): string {
  switch (value.kind) {
    case "object": {
      // A sort without a comparison sorts by UTF-16 units, as the RFC wants.
      const last = new Map(value.members.map((each) => [each.name, each.value]));
      const names = [...last.keys()].sort();
      const printed = names.map((name) => `${quote(name)}:${jcs(last.get(name) ?? value)}`);
      return `{${printed.join(",")}}`;
    }
    case "list":
      return `[${value.items.map(jcs).join(",")}]`;
    case "string":
      return quote(value.value);
    case "number":
      return String(Number(value.text));
    case "boolean":
      return String(value.value);
    case "null":
      return "null";
  }
}
