/** Upgrades the consent of a 0.4 message (MIGRATION.md, section 2.2, rule 27). */

import { refusal } from "./errors.js";
import type { JsonValue } from "./json.js";
import type { Rules } from "./rules.js";
import { CALL, CONSENT, EMPTY_LIST } from "./sections.js";
import { isSet, list, pointer, stringOf, text } from "./tree.js";

/** Applies rule 27. */
export function upgradeConsent(rules: Rules): void {
  const { draft } = rules;
  if (!draft.has(...CONSENT)) {
    return;
  }
  rules.requireObject(CONSENT);
  const recording = flag(rules, "recording_consent");
  const sharing = flag(rules, "sharing_allowed");
  const callId = stringOf(draft.get(...CALL, "call_id")) ?? "";
  rules.assume([...CONSENT, "consent_id"], text(`consent_${callId}`));
  rules.assume([...CONSENT, "version"], text("0.4"));

  const status = draft.get(...CONSENT, "status");
  const notGranted = isSet(status) && stringOf(status) !== "granted";
  const source = recording === undefined ? undefined : "recording_consent";
  assignFrom(rules, "status", text(statusOf(recording)), source);
  const scope = notGranted ? EMPTY_LIST : scopeOf(recording, sharing);
  assignFrom(rules, "scope", scope, notGranted ? "status" : source);
  if (stringOf(draft.get(...CONSENT, "status")) === "granted") {
    rules.rename(CONSENT, "consent_timestamp", "granted_at");
  }
}

/** Assigns a member that is unset. It is derived from another member, or assumed. */
function assignFrom(rules: Rules, name: string, value: JsonValue, from: string | undefined): void {
  const place = [...CONSENT, name];
  if (from === undefined) {
    rules.assume(place, value);
  } else if (rules.draft.complete(place, value)) {
    rules.report.derived(pointer(...CONSENT, from), pointer(...place));
  }
}

/** Reads a boolean of the consent, or refuses another value. */
function flag(rules: Rules, name: string): boolean | undefined {
  const value = rules.draft.get(...CONSENT, name);
  if (!isSet(value)) {
    return undefined;
  }
  if (value.kind !== "boolean") {
    throw refusal([...CONSENT, name]);
  }
  return value.value;
}

/** Gives the status of the table. */
function statusOf(recording: boolean | undefined): string {
  if (recording === undefined) {
    return "pending";
  }
  return recording ? "granted" : "denied";
}

/** Gives the scope of the table. */
function scopeOf(recording: boolean | undefined, sharing: boolean | undefined): JsonValue {
  if (recording !== true) {
    return EMPTY_LIST;
  }
  return list(sharing === true ? [text("recording"), text("sharing")] : [text("recording")]);
}
