/** Finds the faults of a message in the order of its text (READING.md, section 5). */

import { hasLoneSurrogate } from "./json.js";
import type { JsonObject, JsonValue, Member } from "./json.js";
import type { Kind, MapKind, ObjectKind } from "./model.js";
import { step } from "./tree.js";
import { floatOf, integerOf, timestampOf } from "./values.js";

export interface Fault {
  readonly code: string;
  readonly path: string;
  /** Tells that the only fault is a word that is not listed, which prevents no reading. */
  readonly unlisted: boolean;
}

/** Counts modelled members and elements (READING.md, section 7). */
export const MEMBER_LIMIT = 100_000;

class Check {
  readonly faults: Fault[] = [];
  private counted = 0;

  /** Checks a value of any kind. */
  value(value: JsonValue, kind: Kind, path: string): void {
    switch (kind.type) {
      case "object":
        return this.object(value, kind, path);
      case "map":
        return this.map(value, kind, path);
      case "list":
        return this.list(value, kind.elements, path);
      case "capability":
        return value.kind === "object"
          ? this.object(value, kind.object, path)
          : this.text(value, path);
      case "free":
        return this.require(value.kind === "object", "VCP_E004", path);
      case "boolean":
        return this.require(value.kind === "boolean", "VCP_E004", path);
      case "integer":
      case "float":
        return this.number(value, kind.type, path);
      case "text":
        return this.text(value, path);
      case "timestamp":
        return this.text(value, path, (text) => {
          this.require(timestampOf(text) !== undefined, "VCP_E001", path);
        });
      case "word":
        return this.text(value, path, (text) => this.word(text, kind.words, path));
    }
  }

  /** Checks a modelled object. */
  private object(value: JsonValue, kind: ObjectKind, path: string): void {
    if (value.kind !== "object") {
      return this.report("VCP_E004", path);
    }
    const complete = this.members(value, path, (member, place) => {
      const model = kind.members.get(member.name);
      const isNull = member.value.kind === "null";
      if (model === undefined || (isNull && model.presence === "optional")) {
        return;
      }
      if (isNull && model.presence === "required") {
        return this.report("VCP_E005", place);
      }
      this.value(member.value, model.kind, place);
    });
    if (complete) {
      this.missing(value, kind, path);
    }
  }

  /** Reports the required members that an object lacks. */
  private missing(value: JsonObject, kind: ObjectKind, path: string): void {
    const names = new Set(value.members.map((member) => member.name));
    for (const [name, model] of kind.members) {
      if (model.presence === "required" && !names.has(name)) {
        this.report("VCP_E005", step(path, name));
      }
    }
  }

  /** Checks a map. */
  private map(value: JsonValue, kind: MapKind, path: string): void {
    if (value.kind !== "object") {
      return this.report("VCP_E004", path);
    }
    this.members(value, path, (member, place) => {
      this.word(member.name, kind.words, place);
      if (member.value.kind !== "null" || !kind.nullable) {
        this.value(member.value, kind.values, place);
      }
    });
  }

  /** Visits the members with a usable name. Tells whether the limit was kept. */
  private members(
    value: JsonObject,
    path: string,
    visit: (member: Member, place: string) => void,
  ): boolean {
    const seen = new Set<string>();
    for (const member of value.members) {
      if (!this.count(path)) {
        return false;
      }
      const place = step(path, member.name);
      if (hasLoneSurrogate(member.name)) {
        this.report("VCP_E001", path);
      } else if (seen.has(member.name)) {
        this.report("VCP_E007", place);
      } else {
        seen.add(member.name);
        visit(member, place);
      }
    }
    return true;
  }

  /** Checks a list. */
  private list(value: JsonValue, elements: Kind, path: string): void {
    if (value.kind !== "list") {
      return this.report("VCP_E004", path);
    }
    for (const [index, element] of value.items.entries()) {
      if (!this.count(path)) {
        return;
      }
      this.value(element, elements, `${path}[${index}]`);
    }
  }

  /** Checks that a number can be read. */
  private number(value: JsonValue, type: "integer" | "float", path: string): void {
    if (value.kind !== "number") {
      return this.report("VCP_E004", path);
    }
    const readable =
      type === "integer"
        ? integerOf(value.text) !== undefined
        : Number.isFinite(floatOf(value.text));
    this.require(readable, "VCP_E001", path);
  }

  /** Checks that a value is a readable text, and then what else it should be. */
  private text(value: JsonValue, path: string, further?: (text: string) => void): void {
    if (value.kind !== "string") {
      this.report("VCP_E004", path);
    } else if (hasLoneSurrogate(value.value)) {
      this.report("VCP_E001", path);
    } else {
      further?.(value.value);
    }
  }

  /** Reports a word that is not listed. */
  private word(text: string, words: ReadonlySet<string> | undefined, path: string): void {
    if (words !== undefined && !words.has(text)) {
      this.report("VCP_E004", path, true);
    }
  }

  /** Counts a member or an element, and tells whether it is within the limit. */
  private count(path: string): boolean {
    this.counted += 1;
    if (this.counted === MEMBER_LIMIT + 1) {
      this.report("VCP_E008", path);
    }
    return this.counted <= MEMBER_LIMIT;
  }

  /** Reports a fault unless a condition holds. */
  private require(holds: boolean, code: string, path: string): void {
    if (!holds) {
      this.report(code, path);
    }
  }

  /** Adds a fault to the list. */
  private report(code: string, path: string, unlisted = false): void {
    this.faults.push({ code, path, unlisted });
  }
}

/** Lists the faults of a message by the model of its dialect. */
export function faultsOf(root: JsonValue, model: ObjectKind): Fault[] {
  const check = new Check();
  check.value(root, model, "$");
  return check.faults;
}
