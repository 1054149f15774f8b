/** Undoes an upgrade from 0.4 as far as rules can (MIGRATION.md, section 4.2). */

import { equal } from "./equality.js";
import type { JsonObject, JsonValue } from "./json.js";
import {
  ARTIFACTS, ATTRIBUTION, ATTRIBUTION_DEFAULT, AUDIT, CALL, CONSENT, CONTEXT, GAP, GAP_DEFAULT,
  HISTORY_STEP, OBJECTIVE, OLD_AUDIT, PROVENANCE, PROVIDERS, SELECTION, contextDefault,
  selectionDefault,
} from "./sections.js";
import { Draft, NULL, list, member, stringOf, text } from "./tree.js";
import type { Path } from "./tree.js";

/** Applies the reverse rules for 0.4 to a copy of a written message. */
export function reversed(message: JsonObject): JsonValue {
  const draft = new Draft(message);
  reverseVersion(draft);
  reverseCapabilities(draft);
  unwrapProviders(draft);
  joinChannel(draft);
  leaveOutAssumed(draft);
  draft.rename(ARTIFACTS, "audio_recording_ref", "recording_url");
  draft.rename(ARTIFACTS, "transcript_ref", "transcript_url");
  reverseProvenance(draft);
  reverseConsent(draft);
  reverseAudit(draft);
  return draft.root;
}

/** Applies rules 1 and 2. */
function reverseVersion(draft: Draft): void {
  draft.assign(["vcp_version"], text("0.4"));
  if (stringOf(draft.get(...AUDIT, "schema_version")) === "0.5") {
    draft.assign([...AUDIT, "schema_version"], text("0.4"));
  }
  draft.remove([...AUDIT, "checksum"]);
}

/** Applies rule 3. */
function reverseCapabilities(draft: Draft): void {
  const capabilities = draft.get(...CALL, "capabilities_invoked");
  if (capabilities?.kind === "list") {
    const names = capabilities.items.map((item) => member(item, "capability_id") ?? item);
    draft.assign([...CALL, "capabilities_invoked"], list(names));
  }
}

/** Applies rule 4. */
function unwrapProviders(draft: Draft): void {
  const providers = draft.get(...PROVIDERS);
  if (providers?.kind === "object") {
    const members = providers.members.map(({ name, value }) => {
      return { name, value: member(value, "data") ?? value };
    });
    draft.assign(PROVIDERS, { kind: "object", members });
  }
}

/** Applies rule 5. */
function joinChannel(draft: Draft): void {
  const direction = draft.get(...CALL, "direction");
  const word = stringOf(direction);
  const isPhone = stringOf(draft.get(...CALL, "channel")) === "phone";
  if (isPhone && direction !== undefined && (word === "inbound" || word === "outbound")) {
    draft.assign([...CALL, "channel"], direction);
    draft.remove([...CALL, "direction"]);
  }
}

/** Applies rule 6. */
function leaveOutAssumed(draft: Draft): void {
  const provider = stringOf(draft.get(...CALL, "provider")) ?? "";
  const start = draft.get(...CALL, "start_time") ?? NULL;
  const status = draft.get(...OBJECTIVE, "status") ?? NULL;
  const defaults: [Path, JsonObject][] = [
    [SELECTION, selectionDefault(provider, start)],
    [CONTEXT, contextDefault(provider, status)],
    [GAP, GAP_DEFAULT],
    [ATTRIBUTION, ATTRIBUTION_DEFAULT],
  ];
  for (const [path, section] of defaults) {
    if (isAsAssumed(draft.get(...path), section)) {
      draft.remove(path);
    }
  }
}

/** Tells whether a section has the members of its default, and else only `[]` and `{}`. */
function isAsAssumed(section: JsonValue | undefined, assumed: JsonObject): boolean {
  if (section?.kind !== "object") {
    return false;
  }
  const hasDefaults = assumed.members.every(({ name, value }) => {
    const given = member(section, name);
    return given !== undefined && equal(given, value);
  });
  const others = section.members.filter(({ name }) => member(assumed, name) === undefined);
  return hasDefaults && others.every(({ value }) => isEmpty(value));
}

/** Tells whether a value is `[]` or `{}`. */
function isEmpty(value: JsonValue): boolean {
  return (
    (value.kind === "list" && value.items.length === 0) ||
    (value.kind === "object" && value.members.length === 0)
  );
}

/** Applies rules 8 and 9. */
function reverseProvenance(draft: Draft): void {
  const history = draft.get(...PROVENANCE, "transformation_history");
  if (history?.kind === "list" && stringOf(history.items.at(-1)) === HISTORY_STEP) {
    draft.assign([...PROVENANCE, "transformation_history"], list(history.items.slice(0, -1)));
  }
  draft.rename(PROVENANCE, "created_at", "captured_at");
  draft.rename(PROVENANCE, "created_by", "captured_by");
  draft.rename(PROVENANCE, "transformation_history", "processing_chain");
}

/** Applies rule 10. */
function reverseConsent(draft: Draft): void {
  for (const name of ["consent_id", "status", "scope", "version"]) {
    draft.remove([...CONSENT, name]);
  }
  draft.rename(CONSENT, "granted_at", "consent_timestamp");
}

/** Applies rules 11 to 13. */
function reverseAudit(draft: Draft): void {
  draft.rename(AUDIT, "processed_at", "normalized_at");
  const audit = draft.get(...AUDIT);
  if (audit !== undefined) {
    draft.remove(AUDIT);
    draft.assign(OLD_AUDIT, audit);
  }
  const callId = draft.get(...CALL, "call_id");
  if (draft.get("call_id") === undefined && callId !== undefined) {
    draft.assign(["call_id"], callId);
  }
}
