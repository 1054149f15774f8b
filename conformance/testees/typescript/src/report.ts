/** Collects the report of a migration (MIGRATION.md, section 7). */

import type { JsonObject, JsonValue } from "./json.js";
import { isUnknown } from "./message.js";
import type { Kind, ObjectKind } from "./model.js";
import type { Operation } from "./equality.js";
import { itemsOf, membersOf, pointer } from "./tree.js";

export interface Entry {
  readonly kind: "kept" | "renamed" | "moved" | "derived" | "assumed";
  readonly source?: string;
  readonly target?: string;
}

export class Report {
  private readonly entries: Entry[] = [];

  /** Adds a value with another name or place. */
  renamed(source: string, target: string): void {
    this.entries.push({ kind: "renamed", source, target });
  }

  /** Adds a value that was computed from another one. */
  derived(source: string, target: string): void {
    this.entries.push({ kind: "derived", source, target });
  }

  /** Adds a default. */
  assumed(target: string): void {
    this.entries.push({ kind: "assumed", target });
  }

  /** Adds an unknown member that stays. */
  kept(source: string, target: string): void {
    this.entries.push({ kind: "kept", source, target });
  }

  /** Adds what only the stash holds (step 3). */
  moved(operations: readonly Operation[], stash: string): void {
    const told = new Set(this.entries.map((entry) => entry.source));
    const around = new Set(
      this.entries.filter(({ kind }) => kind !== "renamed").map((entry) => entry.source),
    );
    for (const { op, path } of operations) {
      const isTold = told.has(path) || placesAround(path).some((place) => around.has(place));
      if (op === "replace" || (op === "add" && !isTold)) {
        this.entries.push({ kind: "moved", source: path, target: stash });
      }
    }
  }

  /** Gives the entries in the order of their sources in the source document. */
  sorted(source: JsonValue): Entry[] {
    const positions = new Positions(source);
    return this.entries
      .map((entry) => ({ entry, position: positions.of(entry.source ?? entry.target ?? "") }))
      .sort((a, b) => comparePositions(a.position, b.position))
      .map(({ entry }) => entry);
  }
}

/** Gives the places that a place is in. */
function placesAround(place: string): string[] {
  const steps = place.split("/");
  return steps.slice(2).map((_, index) => steps.slice(0, index + 2).join("/"));
}

/** Finds the positions of places in a document. It remembers the members of its objects. */
class Positions {
  private readonly indices = new Map<JsonObject, Map<string, number>>();

  constructor(private readonly root: JsonValue) {}

  /** Gives the indices that lead to a place. A member that is not there comes last. */
  of(place: string): number[] {
    let at: JsonValue | undefined = this.root;
    return place
      .split("/")
      .slice(1)
      .map((escaped) => {
        const name = escaped.replaceAll("~1", "/").replaceAll("~0", "~");
        const index = this.index(at, name);
        at = childAt(at, index);
        return at === undefined ? Number.MAX_SAFE_INTEGER : index;
      });
  }

  /** Gives the index of a member or an element. */
  private index(value: JsonValue | undefined, name: string): number {
    if (value?.kind !== "object") {
      return Number(name);
    }
    let names = this.indices.get(value);
    if (names === undefined) {
      names = new Map(value.members.map((each, index) => [each.name, index]));
      this.indices.set(value, names);
    }
    return names.get(name) ?? -1;
  }
}

/** Gives the member or the element at an index. */
function childAt(value: JsonValue | undefined, index: number): JsonValue | undefined {
  return value?.kind === "object" ? value.members[index]?.value : itemsOf(value)[index];
}

/** Compares positions step by step. A place comes before the places below it. */
function comparePositions(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((index, level) => index !== b[level]);
  return at < 0 ? a.length - b.length : (a[at] ?? 0) - (b[at] ?? -1);
}

/** Lists the places of the unknown members at every level of the modelled objects (step 2). */
export function unknownMembers(value: JsonValue, kind: Kind, place = ""): string[] {
  switch (kind.type) {
    case "object":
      return unknownInObject(value, kind, place);
    case "capability":
      return unknownInObject(value, kind.object, place);
    case "map":
      return membersOf(value).flatMap(({ name, value: each }) => {
        return unknownMembers(each, kind.values, place + pointer(name));
      });
    case "list":
      return itemsOf(value).flatMap((item, index) => {
        return unknownMembers(item, kind.elements, place + pointer(index));
      });
    default:
      return [];
  }
}

/** Lists the unknown members of an object and below it. */
function unknownInObject(value: JsonValue, kind: ObjectKind, place: string): string[] {
  return membersOf(value).flatMap(({ name, value: each }) => {
    const below = place + pointer(name);
    const model = kind.members.get(name);
    if (model === undefined || isUnknown(value, name, kind)) {
      return [below];
    }
    return unknownMembers(each, model.kind, below);
  });
}
