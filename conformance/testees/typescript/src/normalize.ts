/** Brings single words and scores into the form of VCP (READING.md, section 14). */

import { VcpError, Unsupported } from "./errors.js";
import { readProviders } from "./suite.js";
import { asciiLower } from "./values.js";

const DIRECTIONS = new Map([
  ["inbound", "inbound"],
  ["incoming", "inbound"],
  ["outbound", "outbound"],
  ["outgoing", "outbound"],
]);

const SENTIMENTS = new Map([
  ["very_positive", 1],
  ["positive", 0.8],
  ["slightly_positive", 0.6],
  ["neutral", 0.5],
  ["slightly_negative", 0.4],
  ["negative", 0.2],
  ["very_negative", 0],
]);

/** The value of a status for the perception gap (MAPPING.md, section 9). */
const OBJECTIVES = new Map([
  ["success", 1],
  ["partial", 0.5],
  ["timeout", 0],
  ["failure", 0],
  ["error", 0],
]);

/** A table of words in a rule file (RULES.md, section 3.4). */
interface Table {
  readonly words?: Record<string, string>;
  readonly begins?: readonly (readonly [string, string])[];
  readonly contains?: readonly (readonly [string, string])[];
  readonly otherwise?: string;
  readonly ignore_case?: boolean;
}

interface Provider {
  readonly provider: string;
  readonly aliases?: readonly string[];
  readonly ended_reasons: string;
  readonly tables: Record<string, Table>;
}

const PROVIDERS = readProviders() as Provider[];

/** Answers `normalize` with the value of one function. */
export function normalize(fn: unknown, args: unknown): unknown {
  requireType(fn, typeof fn === "string", "$.fn");
  requireType(args, Array.isArray(args), "$.args");
  const given = args as unknown[];
  switch (fn) {
    case "direction":
      return DIRECTIONS.get(simpleWord(textAt(given, 0))) ?? null;
    case "sentiment":
      return SENTIMENTS.get(simpleWord(textAt(given, 0))) ?? null;
    case "ended_reason":
      return endedReason(textAt(given, 0), textAt(given, 1));
    case "perception_gap":
      return perceptionGap(scoresOf(given[0]), textAt(given, 1));
    default:
      throw new Unsupported(`the function ${String(fn)}`);
  }
}

/** Refuses a member of the request that is absent or has a wrong type (section 15). */
function requireType(value: unknown, isRight: boolean, path: string): void {
  if (value === undefined || value === null) {
    throw new VcpError("VCP_E005", path);
  }
  if (!isRight) {
    throw new VcpError("VCP_E004", path);
  }
}

/** Reads an argument that must be a text. */
function textAt(args: readonly unknown[], index: number): string {
  const value = args[index];
  if (typeof value !== "string") {
    throw new VcpError(index < args.length ? "VCP_E004" : "VCP_E005", "$.args");
  }
  return value;
}

/** Reads an argument that must be a list of numbers. */
function scoresOf(value: unknown): number[] {
  if (!Array.isArray(value) || !value.every((each) => typeof each === "number")) {
    throw new VcpError("VCP_E004", "$.args");
  }
  return value as number[];
}

/** Removes white space around a word. */
function trim(word: string): string {
  return word.replace(/^\p{White_Space}+/u, "").replace(/\p{White_Space}+$/u, "");
}

/** Trims a word and ignores the case of its ASCII letters. */
function simpleWord(word: string): string {
  return asciiLower(trim(word));
}

/** Looks an ended reason up in the table of its provider. */
function endedReason(providerName: string, word: string): string {
  const wanted = asciiLower(providerName);
  const provider = PROVIDERS.find((each) => {
    return [each.provider, ...(each.aliases ?? [])].includes(wanted);
  });
  if (provider === undefined) {
    throw new VcpError("VCP_E009", "$", "the provider is not known");
  }
  const trimmed = trim(word);
  const table = provider.tables[provider.ended_reasons] ?? {};
  return trimmed === "" ? "unknown" : (lookUp(table, trimmed) ?? "unknown");
}

/** Looks a word up in a table, or gives nothing. */
function lookUp(table: Table, word: string): string | undefined {
  const fold = (text: string): string => (table.ignore_case ? text.toLowerCase() : text);
  const folded = fold(word);
  const words = Object.entries(table.words ?? {});
  const pairs: (readonly [string, string] | undefined)[] = [
    words.find(([text]) => text === word),
    words.find(([text]) => fold(text) === folded),
    table.begins?.find(([text]) => folded.startsWith(fold(text))),
    table.contains?.find(([text]) => hasParts(folded, fold(text).split("*"))),
  ];
  return pairs.find((pair) => pair !== undefined)?.[1] ?? table.otherwise;
}

/** Tells whether a text has all the parts, one behind the other and without overlap. */
function hasParts(text: string, parts: readonly string[]): boolean {
  let at = 0;
  return parts.every((part) => {
    const found = text.indexOf(part, at);
    at = found + part.length;
    return found >= 0;
  });
}

/** Computes the perception gap of scores and a status (MAPPING.md, section 9). */
function perceptionGap(scores: readonly number[], status: string): unknown {
  const objective = OBJECTIVES.get(status);
  if (scores.length === 0 || objective === undefined) {
    return null;
  }
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const gap = Math.round(Math.abs(mean - objective) * 10_000) / 10_000;
  return Number.isFinite(gap) ? { gap_score: gap, gap_class: gapClass(gap) } : null;
}

/** Gives the class of a rounded gap. */
function gapClass(gap: number): string {
  if (gap < 0.25) {
    return "aligned";
  }
  if (gap < 0.5) {
    return "minor_deviation";
  }
  return gap < 0.75 ? "major_deviation" : "contradictory";
}
