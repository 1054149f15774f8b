/** Finds, makes and changes values of a JSON tree, and names places in it. */

import { hasLoneSurrogate } from "./json.js";
import type { JsonList, JsonObject, JsonString, JsonValue, Member } from "./json.js";

/** The names that lead from the root of a message through objects. */
export type Path = readonly string[];

export const NULL: JsonValue = { kind: "null" };

/** Makes a string. */
export function text(value: string): JsonString {
  return { kind: "string", value };
}

/** Makes a list. */
export function list(items: readonly JsonValue[]): JsonList {
  return { kind: "list", items };
}

/** Makes an object. Members without a value are left out. */
export function object(members: Record<string, JsonValue | undefined>): JsonObject {
  const given = Object.entries(members).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value }],
  );
  return { kind: "object", members: given };
}

/** Finds the first member of that name. Anything but an object has none. */
export function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (value?.kind !== "object") {
    return undefined;
  }
  return value.members.find((each) => each.name === name)?.value;
}

/** Finds the value at a path. */
export function find(root: JsonValue | undefined, path: Path): JsonValue | undefined {
  return path.reduce(member, root);
}

/** Tells whether a value is neither absent nor null (MIGRATION.md, "set"). */
export function isSet(value: JsonValue | undefined): value is JsonValue {
  return value !== undefined && value.kind !== "null";
}

/** Gives the characters of a string. One with a lone surrogate counts as none. */
export function stringOf(value: JsonValue | undefined): string | undefined {
  return value?.kind === "string" && !hasLoneSurrogate(value.value) ? value.value : undefined;
}

/** Gives the elements of a list, and none of anything else. */
export function itemsOf(value: JsonValue | undefined): readonly JsonValue[] {
  return value?.kind === "list" ? value.items : [];
}

/** Gives the members of an object, and none of anything else. */
export function membersOf(value: JsonValue | undefined): readonly Member[] {
  return value?.kind === "object" ? value.members : [];
}

/** Holds a tree that rules change. The values themselves never change, so they can be shared. */
export class Draft {
  constructor(public root: JsonValue) {}

  /** Finds the value at a path. */
  get(...path: string[]): JsonValue | undefined {
    return find(this.root, path);
  }

  /** Tells whether the value at a path is set. */
  has(...path: string[]): boolean {
    return isSet(this.get(...path));
  }

  /** Replaces the value of a member, or adds the member. */
  assign(path: Path, value: JsonValue): void {
    this.edit(path, (members, name) =>
      members.some((each) => each.name === name)
        ? members.map((each) => (each.name === name ? { name, value } : each))
        : [...members, { name, value }],
    );
  }

  /** Assigns only if the member is unset, and tells whether it did. */
  complete(path: Path, value: JsonValue): boolean {
    const unset = !this.has(...path);
    if (unset) {
      this.assign(path, value);
    }
    return unset;
  }

  /** Removes a member, if it is there. */
  remove(path: Path): void {
    this.edit(path, (members, name) => members.filter((each) => each.name !== name));
  }

  /** Renames a member (MIGRATION.md, terms), and tells whether it had a value. */
  rename(parent: Path, from: string, to: string): boolean {
    const value = this.get(...parent, from);
    if (value === undefined || this.has(...parent, to)) {
      return false;
    }
    this.remove([...parent, to]);
    this.edit([...parent, from], (members) =>
      members.map((each) => (each.name === from ? { name: to, value } : each)),
    );
    return isSet(value);
  }

  /** Changes the members of the object that holds the last name of the path. */
  private edit(path: Path, change: (members: readonly Member[], name: string) => Member[]): void {
    const parent = path.slice(0, -1);
    const name = path.at(-1) ?? "";
    const holder = find(this.root, parent);
    if (holder?.kind === "object") {
      const changed: JsonObject = { kind: "object", members: change(holder.members, name) };
      this.root = replaced(this.root, parent, changed);
    }
  }
}

/** Gives the tree with another value at the path. */
function replaced(root: JsonValue, path: Path, value: JsonValue): JsonValue {
  const [name, ...rest] = path;
  if (name === undefined || root.kind !== "object") {
    return value;
  }
  const members = root.members.map((each) =>
    each.name === name ? { name, value: replaced(each.value, rest, value) } : each,
  );
  return { kind: "object", members };
}

/** Adds a name to a `field_path` (READING.md, section 3). */
export function step(path: string, name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return `${path}.${name}`;
  }
  const quoted = name
    .replace(/[\\']/g, "\\$&")
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, (control) => {
      return `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`;
    });
  return `${path}['${quoted}']`;
}

/** Writes a path as a `field_path`. */
export function fieldPath(path: Path): string {
  return path.reduce(step, "$");
}

/** Writes steps as a JSON Pointer (RFC 6901). */
export function pointer(...steps: (string | number)[]): string {
  return steps
    .map((each) => `/${String(each).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("");
}

/** Compares texts by their code points, which is also the order of their UTF-8 bytes. */
export function byCodePoint(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) {
    at += 1;
  }
  const inside = isHigh(a.charCodeAt(at - 1));
  if (inside && (isLow(a.charCodeAt(at)) || isLow(b.charCodeAt(at)))) {
    at -= 1;
  }
  return (a.codePointAt(at) ?? -1) - (b.codePointAt(at) ?? -1);
}

/** Tells whether a unit is the first half of a character. */
function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/** Tells whether a unit is the second half of a character. */
function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
