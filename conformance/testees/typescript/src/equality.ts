/** Compares values and finds their differences (MIGRATION.md, sections 3.1 and 5). */

import { hasLoneSurrogate, writeJson } from "./json.js";
import type { JsonList, JsonObject, JsonString, JsonValue } from "./json.js";
import { NULL, object, pointer, text } from "./tree.js";
import { decimalOf, timestampOf } from "./values.js";

/** Tells whether two values are equal. It needs no stack that grows with their depth. */
export function equal(a: JsonValue, b: JsonValue): boolean {
  const todo: [JsonValue, JsonValue][] = [[a, b]];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const children = childPairs(...next);
    if (children === undefined) {
      return false;
    }
    children.forEach((pair) => todo.push(pair));
  }
  return true;
}

/** Gives the pairs that must be equal for two values to be so, or nothing if they are not. */
function childPairs(a: JsonValue, b: JsonValue): [JsonValue, JsonValue][] | undefined {
  if (a === b) {
    return [];
  }
  if (a.kind === "object" && b.kind === "object") {
    const pairs = memberPairs(a, b).map(({ from, to }) => [from, to] as const);
    return pairs.every(isFull) ? (pairs as [JsonValue, JsonValue][]) : undefined;
  }
  if (a.kind === "list" && b.kind === "list") {
    return a.items.length === b.items.length ? itemPairs(a, b) : undefined;
  }
  return scalarsEqual(a, b) ? [] : undefined;
}

/** Tells whether both values of a pair are there. */
function isFull(pair: readonly (JsonValue | undefined)[]): boolean {
  return !pair.includes(undefined);
}

/** Pairs the elements of two lists of the same length. */
function itemPairs(a: JsonList, b: JsonList): [JsonValue, JsonValue][] {
  return a.items.map((item, index) => [item, b.items[index] ?? NULL]);
}

/** Compares values that contain no others. */
function scalarsEqual(a: JsonValue, b: JsonValue): boolean {
  if (a.kind === "number" && b.kind === "number") {
    const [x, y] = [decimalOf(a.text), decimalOf(b.text)];
    return x.negative === y.negative && x.digits === y.digits && x.exponent === y.exponent;
  }
  if (a.kind === "string" && b.kind === "string") {
    return stringsEqual(a, b);
  }
  if (a.kind === "boolean" && b.kind === "boolean") {
    return a.value === b.value;
  }
  return a.kind === "null" && b.kind === "null";
}

/** Compares strings, and those with a lone surrogate by their spelling. */
function stringsEqual(a: JsonString, b: JsonString): boolean {
  if (hasLoneSurrogate(a.value) || hasLoneSurrogate(b.value)) {
    return writeJson(a) === writeJson(b);
  }
  return a.value === b.value || withT(a.value) === withT(b.value);
}

/** Gives a timestamp with `T` instead of a space, and any other text as it is. */
function withT(value: string): string {
  return timestampOf(value) === undefined ? value : value.replace(" ", "T");
}

interface Pair {
  readonly name: string;
  readonly from: JsonValue | undefined;
  readonly to: JsonValue | undefined;
}

/** Pairs the members of two objects by name. Of a repeated name the first pairs with the first. */
function memberPairs(from: JsonObject, to: JsonObject): Pair[] {
  const waiting = new Map<string, JsonValue[]>();
  for (const { name, value } of [...to.members].reverse()) {
    const others = waiting.get(name);
    if (others === undefined) {
      waiting.set(name, [value]);
    } else {
      others.push(value);
    }
  }
  const pairs: Pair[] = from.members.map(({ name, value }) => {
    return { name, from: value, to: waiting.get(name)?.pop() };
  });
  for (const [name, left] of waiting) {
    pairs.push(...left.reverse().map((value) => ({ name, from: undefined, to: value })));
  }
  return pairs;
}

/** Holds an operation of `restore` (MIGRATION.md, section 3). */
export interface Operation {
  readonly op: "add" | "remove" | "replace";
  readonly path: string;
  readonly was?: JsonValue;
  readonly value?: JsonValue;
}

/** More than this many levels below the root, a value is replaced as a whole. */
const DEEPEST = 128;

/** Lists the operations that turn a value into another one (section 3.1). */
export function difference(
  from: JsonValue,
  to: JsonValue,
  path: readonly (string | number)[] = [],
): Operation[] {
  if (from === to) {
    return [];
  }
  const place = pointer(...path);
  if (path.length <= DEEPEST && from.kind === "object" && to.kind === "object") {
    const operations = memberPairs(from, to).flatMap((pair) => memberDifference(pair, path));
    const whole = operations.length > 0 && (hasOddName(from) || hasOddName(to));
    return whole ? [{ op: "replace", path: place, was: from, value: to }] : operations;
  }
  if (path.length <= DEEPEST && from.kind === "list" && to.kind === "list") {
    if (from.items.length === to.items.length) {
      return itemPairs(from, to).flatMap(([a, b], index) => difference(a, b, [...path, index]));
    }
  }
  return equal(from, to) ? [] : [{ op: "replace", path: place, was: from, value: to }];
}

/** Lists the operations for a member of either object. */
function memberDifference(pair: Pair, path: readonly (string | number)[]): Operation[] {
  const { name, from, to } = pair;
  const place = [...path, name];
  if (from !== undefined && to !== undefined) {
    return difference(from, to, place);
  }
  if (from !== undefined) {
    return [{ op: "remove", path: pointer(...place), was: from }];
  }
  return to === undefined ? [] : [{ op: "add", path: pointer(...place), value: to }];
}

/** Tells whether a name is repeated or has a lone surrogate. */
function hasOddName({ members }: JsonObject): boolean {
  const names = members.map((each) => each.name);
  return new Set(names).size < names.length || names.some(hasLoneSurrogate);
}

/** Writes an operation as a value. */
export function operationValue({ op, path, was, value }: Operation): JsonObject {
  return object({ op: text(op), path: text(path), was, value });
}
