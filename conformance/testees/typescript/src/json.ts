/**
 * Reads and writes JSON without loss (READING.md, section 2).
 *
 * Names that are repeated, the order of members, the spelling of values and the digits of numbers
 * stay. No function here needs a stack that grows with the depth of the text.
 */

export interface JsonNull {
  readonly kind: "null";
  readonly text?: string;
}

export interface JsonBoolean {
  readonly kind: "boolean";
  readonly value: boolean;
  readonly text?: string;
}

export interface JsonNumber {
  readonly kind: "number";
  readonly text: string;
}

/** `value` has the escapes resolved. It may contain lone surrogates. */
export interface JsonString {
  readonly kind: "string";
  readonly value: string;
  readonly text?: string;
}

export interface JsonList {
  readonly kind: "list";
  readonly items: readonly JsonValue[];
  readonly text?: string;
}

export interface JsonObject {
  readonly kind: "object";
  readonly members: readonly Member[];
  readonly text?: string;
}

export interface Member {
  readonly name: string;
  readonly value: JsonValue;
}

/** A value of which `text` is the text that it was read from, unless it was made. */
export type JsonValue = JsonNull | JsonBoolean | JsonNumber | JsonString | JsonList | JsonObject;

/** Tells that a text is not JSON. */
export class NotJson extends Error {}

const LITERALS: readonly JsonValue[] = [
  { kind: "null", text: "null" },
  { kind: "boolean", value: true, text: "true" },
  { kind: "boolean", value: false, text: "false" },
];
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/** Holds an object or a list of which the end was not read yet. */
interface Open {
  readonly start: number;
  readonly close: "}" | "]";
  readonly members: Member[];
  readonly items: JsonValue[];
  name: string;
}

class Reader {
  private at = 0;
  private readonly open: Open[] = [];

  constructor(private readonly text: string) {}

  /** Reads the whole text as one value. */
  read(): JsonValue {
    let value: JsonValue | undefined;
    do {
      value = this.begin();
      while (value !== undefined && this.open.length > 0) {
        value = this.put(value);
      }
    } while (value === undefined);
    this.skipSpace();
    if (this.at < this.text.length) {
      throw new NotJson("something follows the value");
    }
    return value;
  }

  /** Reads a scalar or an empty container, or opens a container and gives nothing. */
  private begin(): JsonValue | undefined {
    this.skipSpace();
    const first = this.text[this.at];
    if (first === '"') {
      return this.string();
    }
    if (first !== "{" && first !== "[") {
      return this.literal() ?? this.number();
    }
    const close = first === "{" ? "}" : "]";
    this.open.push({ start: this.at, close, members: [], items: [], name: "" });
    this.at += 1;
    this.skipSpace();
    if (this.text[this.at] === close) {
      return this.close();
    }
    this.name();
    return undefined;
  }

  /** Puts a value into the innermost container, and gives the container if it ends there. */
  private put(value: JsonValue): JsonValue | undefined {
    const inner = this.innermost();
    if (inner.close === "}") {
      inner.members.push({ name: inner.name, value });
    } else {
      inner.items.push(value);
    }
    this.skipSpace();
    if (this.text[this.at] === inner.close) {
      return this.close();
    }
    this.expect(",");
    this.name();
    return undefined;
  }

  /** Reads the name of the next member, if the innermost container is an object. */
  private name(): void {
    const inner = this.innermost();
    if (inner.close === "}") {
      this.skipSpace();
      inner.name = this.string().value;
      this.skipSpace();
      this.expect(":");
    }
  }

  /** Ends the innermost container. */
  private close(): JsonValue {
    const { start, close, members, items } = this.innermost();
    this.open.pop();
    this.at += 1;
    const text = this.text.slice(start, this.at);
    return close === "}" ? { kind: "object", members, text } : { kind: "list", items, text };
  }

  /** Gives the container that was opened last. */
  private innermost(): Open {
    const inner = this.open.at(-1);
    if (inner === undefined) {
      throw new NotJson("no container is open");
    }
    return inner;
  }

  /** Reads a string. The parser of the language resolves and checks its escapes. */
  private string(): JsonString {
    const start = this.at;
    this.expect('"');
    while (this.at < this.text.length && this.text[this.at] !== '"') {
      this.at += this.text[this.at] === "\\" ? 2 : 1;
    }
    this.expect('"');
    const text = this.text.slice(start, this.at);
    try {
      return { kind: "string", value: JSON.parse(text) as string, text };
    } catch {
      throw new NotJson("a string has a wrong escape or a control character");
    }
  }

  /** Reads `null`, `true` or `false`, or gives nothing. */
  private literal(): JsonValue | undefined {
    const found = LITERALS.find(({ text }) => this.text.startsWith(text ?? "", this.at));
    this.at += found?.text?.length ?? 0;
    return found;
  }

  /** Reads a number, with all its digits. */
  private number(): JsonNumber {
    NUMBER.lastIndex = this.at;
    const text = NUMBER.exec(this.text)?.[0];
    if (text === undefined) {
      throw new NotJson("a value is missing");
    }
    this.at += text.length;
    return { kind: "number", text };
  }

  /** Reads one character that must be there. */
  private expect(character: string): void {
    if (this.text[this.at] !== character) {
      throw new NotJson(`${character} is missing`);
    }
    this.at += 1;
  }

  /** Skips white space. */
  private skipSpace(): void {
    while (" \t\n\r".includes(this.text[this.at] ?? "x")) {
      this.at += 1;
    }
  }
}

/** Reads a text, or throws `NotJson`. */
export function readJson(text: string): JsonValue {
  return new Reader(text).read();
}

/** Writes a value: what was read with its own text, all else compactly (READING.md, section 9). */
export function writeJson(value: JsonValue): string {
  const parts: string[] = [];
  const todo: (JsonValue | string)[] = [value];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (typeof next === "string") {
      parts.push(next);
    } else if (next.text !== undefined) {
      parts.push(next.text);
    } else {
      pieces(next)
        .reverse()
        .forEach((piece) => todo.push(piece));
    }
  }
  return parts.join("");
}

/** Gives the pieces that a made value is written as, one level deep. */
function pieces(value: JsonValue): (JsonValue | string)[] {
  switch (value.kind) {
    case "object": {
      const written = value.members.flatMap(({ name, value }) => [",", `${quote(name)}:`, value]);
      return ["{", ...written.slice(1), "}"];
    }
    case "list":
      return ["[", ...value.items.flatMap((item) => [",", item]).slice(1), "]"];
    case "string":
      return [quote(value.value)];
    case "boolean":
      return [String(value.value)];
    case "number":
      return [value.text];
    case "null":
      return ["null"];
  }
}

/** Writes a string. Only `"`, `\`, control characters and lone surrogates are escaped. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

/** Tells whether a text has a surrogate without its partner. */
export function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

/** Measures the greatest depth and the number of all members and elements. */
export function measure(root: JsonValue): { depth: number; members: number } {
  const todo: { value: JsonValue; depth: number }[] = [{ value: root, depth: 1 }];
  let deepest = 0;
  let members = 0;
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { value, depth } = next;
    if (value.kind === "object" || value.kind === "list") {
      const children =
        value.kind === "object" ? value.members.map((member) => member.value) : value.items;
      deepest = Math.max(deepest, depth);
      members += children.length;
      for (const child of children) {
        todo.push({ value: child, depth: depth + 1 });
      }
    }
  }
  return { depth: deepest, members };
}
