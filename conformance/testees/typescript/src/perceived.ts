/** Turns the objects of `outcomes.perceived` into strings (MIGRATION.md, 2.2, rule 10). */

import type { JsonValue } from "./json.js";
import type { Rules } from "./rules.js";
import { OUTCOMES } from "./sections.js";
import { list, member, pointer, stringOf, text } from "./tree.js";

/** Applies rule 10. */
export function upgradePerceived({ draft, report }: Rules): void {
  const place = [...OUTCOMES, "perceived"];
  const perceived = draft.get(...place);
  if (perceived?.kind !== "list") {
    return;
  }
  let satisfaction: { score: JsonValue; source: string } | undefined;
  const items = perceived.items.map((item, index) => {
    if (item.kind !== "object") {
      return item;
    }
    report.derived(pointer(...place, index), pointer(...place, index));
    const score = scoreOf(item);
    if (isSatisfaction(item, score)) {
      satisfaction = { score, source: pointer(...place, index, "sentiment", "score") };
    }
    return text(summaryOf(item));
  });
  draft.assign(place, list(items));
  const target = [...OUTCOMES, "user_satisfaction_score"];
  if (satisfaction !== undefined && draft.complete(target, satisfaction.score)) {
    report.derived(satisfaction.source, pointer(...target));
  }
}

/** Finds the score of an object of `perceived`. */
function scoreOf(perceived: JsonValue): JsonValue | undefined {
  return member(member(perceived, "sentiment"), "score");
}

/** Gives the digits of a number as the source spells them. */
function digitsOf(value: JsonValue | undefined): string | undefined {
  return value?.kind === "number" ? value.text : undefined;
}

/** Tells whether a score is one by the caller, from 0 to 1. */
function isSatisfaction(perceived: JsonValue, score: JsonValue | undefined): score is JsonValue {
  const number = Number(digitsOf(score) ?? Number.NaN);
  return stringOf(member(perceived, "by")) === "caller" && number >= 0 && number <= 1;
}

/** Writes an object of `perceived` as a string. */
function summaryOf(perceived: JsonValue): string {
  const parts = [stringOf(member(perceived, "by")), digitsOf(scoreOf(perceived))];
  const confidence = digitsOf(member(perceived, "confidence"));
  const summary = parts.filter((part) => part !== undefined).join(": ");
  const words = [summary, confidence === undefined ? "" : `(confidence ${confidence})`];
  return words.filter((word) => word !== "").join(" ");
}
