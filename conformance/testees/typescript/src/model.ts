/** Derives the model of a dialect from its schema (READING.md, section 4). */

import { readJson } from "./json.js";
import type { JsonValue } from "./json.js";
import { readSchema } from "./suite.js";

export type Kind =
  | ObjectKind
  | MapKind
  | { readonly type: "list"; readonly elements: Kind }
  | { readonly type: "word"; readonly words: Words }
  | { readonly type: "capability"; readonly object: ObjectKind }
  | { readonly type: "text" | "timestamp" | "integer" | "float" | "boolean" | "free" };

export interface MapKind {
  readonly type: "map";
  readonly values: Kind;
  /** Whether null is allowed as a value. */
  readonly nullable: boolean;
  /** The listed names. */
  readonly words: Words;
}

/** The listed words, or nothing if every text is allowed. */
type Words = ReadonlySet<string> | undefined;

export interface ObjectKind {
  readonly type: "object";
  readonly title: string;
  /** The modelled members, in the order of the schema. */
  readonly members: ReadonlyMap<string, MemberKind>;
}

export interface MemberKind {
  readonly kind: Kind;
  readonly presence: "required" | "optional" | "default";
  readonly default: JsonValue | undefined;
}

interface Schema {
  readonly $ref?: string;
  readonly $defs?: Record<string, Schema>;
  readonly anyOf?: readonly Schema[];
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly properties?: Record<string, Schema>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: Schema;
  readonly default?: unknown;
}

class ModelReader {
  constructor(private readonly root: Schema) {}

  /** Reads the root. */
  read(): ObjectKind {
    return this.object(this.root);
  }

  /** Reads a modelled object. */
  private object(schema: Schema): ObjectKind {
    const required = schema.required ?? [];
    const members = Object.entries(schema.properties ?? {}).map(([name, member]) => {
      return [name, this.member(member, required.includes(name))] as const;
    });
    return { type: "object", title: schema.title ?? "", members: new Map(members) };
  }

  /** Reads a member and its presence. */
  private member(schema: Schema, required: boolean): MemberKind {
    const kind = this.kind(schema);
    if (required) {
      return { kind, presence: "required", default: undefined };
    }
    if (allowsNull(schema)) {
      return { kind, presence: "optional", default: undefined };
    }
    return { kind, presence: "default", default: readJson(JSON.stringify(schema.default)) };
  }

  /** Reads the kind of a value. */
  private kind(schema: Schema): Kind {
    if (schema.$ref !== undefined) {
      return this.definition(this.resolve(schema.$ref));
    }
    if (schema.anyOf !== undefined) {
      return this.branches(schema.anyOf.filter((branch) => branch.type !== "null"));
    }
    switch (typesOf(schema).find((type) => type !== "null")) {
      case "string":
        return { type: isTimestamp(schema) ? "timestamp" : "text" };
      case "integer":
        return { type: "integer" };
      case "number":
        return { type: "float" };
      case "boolean":
        return { type: "boolean" };
      case "array":
        return { type: "list", elements: this.kind(schema.items ?? {}) };
      case "object":
        return this.mapOrData(schema);
      default:
        throw new Error(`the schema has an unknown form: ${JSON.stringify(schema)}`);
    }
  }

  /** Reads a definition: a modelled object or a word. */
  private definition(schema: Schema): Kind {
    return schema.anyOf === undefined
      ? this.object(schema)
      : { type: "word", words: wordsOf(schema) };
  }

  /** Reads the branches that are not null. Two of them are a capability. */
  private branches(branches: readonly Schema[]): Kind {
    const object = branches.find((branch) => branch.$ref !== undefined);
    const kind = this.kind(object ?? branches[0] ?? {});
    return branches.length > 1 && kind.type === "object"
      ? { type: "capability", object: kind }
      : kind;
  }

  /** Reads a map, or free-form data. */
  private mapOrData(schema: Schema): Kind {
    const values = schema.additionalProperties;
    if (typeof values !== "object") {
      return { type: "free" };
    }
    const names = schema.propertyNames?.$ref;
    const words = names === undefined ? undefined : wordsOf(this.resolve(names));
    return { type: "map", values: this.kind(values), nullable: allowsNull(values), words };
  }

  /** Finds a definition. */
  private resolve(reference: string): Schema {
    const found = this.root.$defs?.[reference.replace("#/$defs/", "")];
    if (found === undefined) {
      throw new Error(`the schema lacks ${reference}`);
    }
    return found;
  }
}

/** Gives the listed words. */
function wordsOf(schema: Schema): Words {
  return new Set(schema.anyOf?.[0]?.enum ?? []);
}

/** Gives the JSON types that a schema names. */
function typesOf(schema: Schema): readonly string[] {
  return schema.type === undefined ? [] : [schema.type].flat();
}

/** Tells whether a schema allows null. */
function allowsNull(schema: Schema): boolean {
  return typesOf(schema).includes("null") || (schema.anyOf ?? []).some(allowsNull);
}

/** Tells whether a string is a timestamp. */
function isTimestamp(schema: Schema): boolean {
  return (schema.description ?? "").includes("An RFC 3339 timestamp.");
}

/** Reads the model of a dialect. */
export function readModel(dialect: string): ObjectKind {
  return new ModelReader(readSchema(dialect) as Schema).read();
}

/** The model of a 0.5 message. */
export const MESSAGE = readModel("0.5");
