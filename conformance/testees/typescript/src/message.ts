/** Reads a 0.5 message as `parse` does, and writes it (READING.md, sections 1, 2, 6 and 9). */

import { faultsOf } from "./check.js";
import { VcpError } from "./errors.js";
import { NotJson, readJson } from "./json.js";
import type { JsonObject, JsonValue } from "./json.js";
import { MESSAGE } from "./model.js";
import type { Kind, ObjectKind } from "./model.js";
import { byCodePoint, list, member, membersOf, stringOf, text } from "./tree.js";
import { floatOf, integerOf, writeFloat } from "./values.js";

export const BYTE_LIMIT = 16_777_216;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes the bytes of a message, or gives the faults of steps 1 and 2. */
export function decodeText(bytes: Uint8Array): string {
  if (bytes.length > BYTE_LIMIT) {
    throw new VcpError("VCP_E008", "$", "the text is too long");
  }
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new VcpError("VCP_E007", "$", "the text is not UTF-8");
  }
}

/** Reads the bytes of a message as JSON, or gives the faults of steps 1 to 3. */
export function readText(bytes: Uint8Array): JsonValue {
  try {
    return readJson(decodeText(bytes));
  } catch (error) {
    throw error instanceof NotJson ? new VcpError("VCP_E007", "$", error.message) : error;
  }
}

/** Reads a 0.5 message, and gives the written message. */
export function readMessage(bytes: Uint8Array): JsonObject {
  const root = readText(bytes);
  const version = stringOf(member(root, "vcp_version"));
  if (version !== undefined && version !== "0.5") {
    throw new VcpError("VCP_E006", "$.vcp_version", "the version is not 0.5");
  }
  const fault = faultsOf(root, MESSAGE).find((each) => !each.unlisted);
  if (fault !== undefined) {
    throw new VcpError(fault.code, fault.path);
  }
  return writtenMessage(root);
}

/** Brings a message without faults into the form of a written message. */
export function writtenMessage(root: JsonValue): JsonObject {
  return writtenObject(root, MESSAGE);
}

/** Brings a value without faults into the form in which it is written. */
function written(value: JsonValue, kind: Kind): JsonValue {
  switch (kind.type) {
    case "object":
      return writtenObject(value, kind);
    case "capability":
      return value.kind === "object" ? writtenObject(value, kind.object) : written(value, TEXT);
    case "map": {
      const members = membersOf(value).map(({ name, value }) => {
        return { name, value: written(value, kind.values) };
      });
      return { kind: "object", members };
    }
    case "list":
      return value.kind === "list"
        ? list(value.items.map((item) => written(item, kind.elements)))
        : value;
    case "timestamp":
      return value.kind === "string" ? text(value.value.replace(" ", "T")) : value;
    case "word":
    case "text":
      return value.kind === "string" ? text(value.value) : value;
    case "integer":
    case "float":
      return value.kind === "number" ? writtenNumber(value.text, kind.type) : value;
    case "boolean":
    case "free":
      return value;
  }
}

const TEXT: Kind = { type: "text" };

/** Gives a modelled number its one spelling. */
function writtenNumber(digits: string, type: "integer" | "float"): JsonValue {
  const number = type === "integer" ? String(integerOf(digits)) : writeFloat(floatOf(digits));
  return { kind: "number", text: number };
}

/** Writes the modelled members in the order of the schema, then the unknown ones. */
function writtenObject(value: JsonValue, kind: ObjectKind): JsonObject {
  const modelled = [...kind.members].flatMap(([name, model]) => {
    const given = name === "from_" ? undefined : givenMember(value, name, kind);
    const kept = given ?? model.default;
    return kept === undefined ? [] : [{ name, value: written(kept, model.kind) }];
  });
  const unknown = membersOf(value).filter(({ name }) => isUnknown(value, name, kind));
  return { kind: "object", members: [...modelled, ...unknown] };
}

/** Finds the value of a modelled member. `from_` gives that of an unset `from`. */
function givenMember(value: JsonValue, name: string, kind: ObjectKind): JsonValue | undefined {
  const given = member(value, name);
  if (given !== undefined && given.kind !== "null") {
    return given;
  }
  const alias = kind.members.has("from_") && name === "from" ? member(value, "from_") : undefined;
  return alias?.kind === "null" ? undefined : alias;
}

/** Tells whether a member is written as an unknown one. A `from_` that differs is (section 6). */
export function isUnknown(value: JsonValue, name: string, kind: ObjectKind): boolean {
  if (name !== "from_" || !kind.members.has(name)) {
    return !kind.members.has(name);
  }
  const from = stringOf(member(value, "from"));
  const alias = stringOf(member(value, "from_"));
  return from !== undefined && alias !== undefined && from !== alias;
}

/** Sorts the members of an object by the code points of their names. The last of a name counts. */
export function sortedMembers(value: JsonValue): [string, JsonValue][] {
  const last = new Map(membersOf(value).map((each) => [each.name, each.value]));
  return [...last].sort(([a], [b]) => byCodePoint(a, b));
}
