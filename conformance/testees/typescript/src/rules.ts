/**
 * Applies the rules of an upgrade from 0.4 (MIGRATION.md, sections 2.2, 2.3 and 2.5).
 *
 * The numbers in this file are those of the table of 2.2. A rule that needs a value of another type
 * refuses the message. So the refusals have the order of the table of 2.3.
 */

import { VcpError, refusal } from "./errors.js";
import type { JsonObject, JsonValue } from "./json.js";
import { upgradeConsent } from "./consent.js";
import { upgradePerceived } from "./perceived.js";
import { Report } from "./report.js";
import {
  ARTIFACTS, ATTRIBUTION, ATTRIBUTION_DEFAULT, AUDIT, CALL, CONTEXT, CUSTOM, EMPTY_LIST,
  EMPTY_OBJECT, GAP, GAP_DEFAULT, HISTORY_STEP, OBJECTIVE, OBJECTIVE_DEFAULT, OLD_AUDIT, OUTCOMES,
  PAYLOAD, PROVENANCE, PROVIDERS, SELECTION, contextDefault, selectionDefault,
} from "./sections.js";
import {
  Draft, NULL, fieldPath, isSet, list, member, membersOf, object, pointer, stringOf, text,
} from "./tree.js";
import type { Path } from "./tree.js";

const STATUS_WORDS = new Map([
  ["filtered", "unknown"],
  ["failed", "failure"],
]);

const GAP_WORDS = new Map([
  ["mild_misalignment", "minor_deviation"],
  ["minor", "minor_deviation"],
  ["significant_gap", "major_deviation"],
  ["moderate", "major_deviation"],
  ["major", "major_deviation"],
]);

/** The largest number of capabilities that may be strings (section 2.4). */
const STRING_CAPABILITY_LIMIT = 20_000;

export class Rules {
  readonly draft: Draft;
  readonly report = new Report();
  /** The place of `audit` in the source, which the table calls `A`. */
  readonly auditPlace: Path;

  constructor(
    source: JsonValue,
    private readonly now: JsonValue | undefined,
  ) {
    this.draft = new Draft(source);
    this.auditPlace =
      isSet(this.draft.get(...AUDIT)) && !this.draft.has(...OLD_AUDIT) ? AUDIT : OLD_AUDIT;
  }

  /** Applies all rules in their order. */
  apply(): void {
    this.moveAudit();
    this.completeCall();
    this.completeOutcomes();
    this.completeSections();
    this.completeCustom();
    this.completeAudit();
    upgradeConsent(this);
    this.completeProvenance();
    this.wrapCapabilities();
  }

  /** Applies rules 1 and 2. */
  private moveAudit(): void {
    this.draft.assign(["vcp_version"], text("0.5"));
    this.report.derived("/vcp_version", "/vcp_version");
    this.requireObject(PAYLOAD, true);
    const audit = this.draft.get(...OLD_AUDIT);
    this.draft.remove(OLD_AUDIT);
    if (isSet(audit)) {
      this.draft.assign(AUDIT, audit);
      this.report.renamed(pointer(...OLD_AUDIT), pointer(...AUDIT));
    }
  }

  /** Applies rules 3 to 7. */
  private completeCall(): void {
    this.requireObject(CALL, true);
    this.rename(CALL, "from_", "from");
    this.moveCallId();
    const callId = this.requireString([...CALL, "call_id"]);
    const provider = this.requireString([...CALL, "provider"]);
    this.completeTime([...CALL, "start_time"], [...CALL, "start_time"]);
    const session = `sess_${provider}_${[...callId].slice(0, 8).join("")}`;
    this.assume([...CALL, "session_id"], text(session));
    this.splitChannel();
  }

  /** Applies rule 4. */
  private moveCallId(): void {
    const outer = stringOf(this.draft.get("call_id"));
    const inner = this.draft.get(...CALL, "call_id");
    const place = [...CALL, "call_id"];
    if (outer === undefined || (isSet(inner) && stringOf(inner) !== outer)) {
      return;
    }
    if (isSet(inner)) {
      this.report.derived("/call_id", pointer(...place));
    } else {
      this.draft.assign(place, text(outer));
      this.report.renamed("/call_id", pointer(...place));
    }
    this.draft.remove(["call_id"]);
  }

  /** Applies rule 7. */
  private splitChannel(): void {
    const channel = stringOf(this.draft.get(...CALL, "channel"));
    const isOld = channel === "inbound" || channel === "outbound";
    if (isOld && !this.draft.has(...CALL, "direction")) {
      this.assignDirection(channel, pointer(...CALL, "channel"));
    }
  }

  /** Assigns a direction, and the telephone as the channel. */
  private assignDirection(direction: string, source: string): void {
    for (const [name, word] of [["channel", "phone"], ["direction", direction]] as const) {
      this.draft.assign([...CALL, name], text(word));
      this.report.derived(source, pointer(...CALL, name));
    }
  }

  /** Applies rules 8 to 14. */
  private completeOutcomes(): void {
    this.draft.complete(OUTCOMES, EMPTY_OBJECT);
    this.requireObject(OUTCOMES);
    this.completeSection(OBJECTIVE, OBJECTIVE_DEFAULT);
    this.requireString([...OBJECTIVE, "status"]);
    upgradePerceived(this);
    this.replaceWord([...OBJECTIVE, "status"], STATUS_WORDS);
    this.completeSection(GAP, GAP_DEFAULT);
    this.completeSection(ATTRIBUTION, ATTRIBUTION_DEFAULT);
    this.replaceWord([...GAP, "gap_class"], GAP_WORDS);
  }

  /** Applies rules 15 to 18. */
  private completeSections(): void {
    const provider = this.requireString([...CALL, "provider"]);
    const start = this.draft.get(...CALL, "start_time") ?? NULL;
    this.completeSection(SELECTION, selectionDefault(provider, start));
    const roles = this.draft.get(...SELECTION, "roles");
    if (roles?.kind === "object") {
      const given = roles.members.filter(({ value }) => isSet(value));
      this.draft.assign([...SELECTION, "roles"], { kind: "object", members: given });
    }
    const status = this.draft.get(...OBJECTIVE, "status") ?? NULL;
    this.completeSection(CONTEXT, contextDefault(provider, status));
    this.replaceWord([...CONTEXT, "outcome_status"], STATUS_WORDS);
  }

  /** Applies rules 19 to 21. */
  private completeCustom(): void {
    this.assume(ARTIFACTS, EMPTY_OBJECT);
    this.assume(CUSTOM, EMPTY_OBJECT);
    this.requireObject(ARTIFACTS);
    this.rename(ARTIFACTS, "recording_url", "audio_recording_ref");
    this.rename(ARTIFACTS, "transcript_url", "transcript_ref");
    this.requireObject(CUSTOM);
    this.requireObject(PROVIDERS);
    this.wrapProviders();
  }

  /** Applies rule 21. */
  private wrapProviders(): void {
    const providers = this.draft.get(...PROVIDERS);
    const data = membersOf(providers);
    if (providers?.kind !== "object") {
      return;
    }
    for (const { name, value } of data) {
      if (value.kind !== "object") {
        throw refusal([...PROVIDERS, name]);
      }
      this.report.renamed(pointer(...PROVIDERS, name), pointer(...PROVIDERS, name, "data"));
    }
    const members = data.map(({ name, value }) => ({ name, value: object({ data: value }) }));
    this.draft.assign(PROVIDERS, { kind: "object", members });
    this.findDirection(providers);
  }

  /** Takes the direction from the data of the provider of the call, or of another provider. */
  private findDirection(providers: JsonObject): void {
    const own = stringOf(this.draft.get(...CALL, "provider"));
    const found = providers.members
      .map(({ name, value }) => ({ name, word: stringOf(member(value, "channel")) }))
      .filter(({ word }) => word === "inbound" || word === "outbound");
    const chosen = found.find(({ name }) => name === own) ?? found[0];
    const unset = !this.draft.has(...CALL, "channel") && !this.draft.has(...CALL, "direction");
    if (chosen?.word !== undefined && unset) {
      this.assignDirection(chosen.word, pointer(...PROVIDERS, chosen.name, "channel"));
    }
  }

  /** Applies rules 22 to 26. */
  private completeAudit(): void {
    const source = pointer(...this.auditPlace);
    this.draft.complete(AUDIT, EMPTY_OBJECT);
    this.requireObject(AUDIT, true, this.auditPlace);
    this.completeTime([...AUDIT, "received_at"], [...this.auditPlace, "received_at"]);
    this.assume([...AUDIT, "schema_version"], text("0.5"));
    if (stringOf(this.draft.get(...AUDIT, "schema_version")) === "0.4") {
      this.draft.assign([...AUDIT, "schema_version"], text("0.5"));
      this.report.derived(`${source}/schema_version`, "/audit/schema_version");
    }
    if (this.draft.rename(AUDIT, "normalized_at", "processed_at")) {
      this.report.renamed(`${source}/normalized_at`, "/audit/processed_at");
    }
    this.draft.remove([...AUDIT, "checksum"]);
  }

  /** Applies rules 28 to 32. */
  private completeProvenance(): void {
    this.draft.complete(PROVENANCE, EMPTY_OBJECT);
    this.requireObject(PROVENANCE);
    this.rename(PROVENANCE, "captured_at", "created_at");
    this.rename(PROVENANCE, "captured_by", "created_by");
    this.rename(PROVENANCE, "processing_chain", "transformation_history");
    this.derive([...PROVENANCE, "source_system"], [...CALL, "provider"], [...CALL, "provider"]);
    const received = [...this.auditPlace, "received_at"];
    this.derive([...PROVENANCE, "created_at"], [...AUDIT, "received_at"], received);
    this.draft.complete([...PROVENANCE, "transformation_history"], EMPTY_LIST);
    const history = this.draft.get(...PROVENANCE, "transformation_history");
    if (history?.kind === "list") {
      const place = [...PROVENANCE, "transformation_history"];
      this.draft.assign(place, list([...history.items, text(HISTORY_STEP)]));
      this.report.derived("/vcp_version", pointer(...place, history.items.length));
    }
  }

  /** Applies rule 33. */
  private wrapCapabilities(): void {
    const place = [...CALL, "capabilities_invoked"];
    const capabilities = this.draft.get(...place);
    if (!isSet(capabilities)) {
      return;
    }
    if (capabilities.kind !== "list") {
      throw refusal(place);
    }
    const strings = capabilities.items.filter(({ kind }) => kind === "string");
    if (strings.length > STRING_CAPABILITY_LIMIT) {
      throw new VcpError("VCP_E008", fieldPath(place));
    }
    const items = capabilities.items.map((item, index) => {
      return stringOf(item) === undefined ? item : this.wrapCapability(item, [...place, index]);
    });
    this.draft.assign(place, list(items));
  }

  /** Makes a capability of its name. */
  private wrapCapability(id: JsonValue, place: readonly (string | number)[]): JsonObject {
    this.report.renamed(pointer(...place), pointer(...place, "capability_id"));
    for (const name of ["capability_type", "invoked_at", "success"]) {
      this.report.assumed(pointer(...place, name));
    }
    return object({
      capability_id: id,
      capability_type: text("tool_call"),
      invoked_at: this.draft.get(...CALL, "start_time"),
      success: { kind: "boolean", value: true },
    });
  }

  // The steps that several rules share

  /** Completes a section from its default. */
  private completeSection(path: Path, section: JsonObject): void {
    if (this.assume(path, section)) {
      return;
    }
    this.requireObject(path);
    for (const { name, value } of section.members) {
      this.assume([...path, name], value);
    }
  }

  /** Completes a required time from `now` (2.5), or refuses at its place in the source. */
  private completeTime(path: Path, place: Path): void {
    if (this.now !== undefined) {
      this.assume(path, this.now);
    }
    this.requireString(path, place);
  }

  /** Assigns a default to an unset member, and tells whether it did. */
  assume(path: Path, value: JsonValue): boolean {
    const assigned = this.draft.complete(path, value);
    if (assigned) {
      this.report.assumed(pointer(...path));
    }
    return assigned;
  }

  /** Copies a value to an unset member. */
  private derive(path: Path, from: Path, source: Path): void {
    if (this.draft.complete(path, this.draft.get(...from) ?? NULL)) {
      this.report.derived(pointer(...source), pointer(...path));
    }
  }

  /** Renames a member, and reports it if it had a value. */
  rename(parent: Path, from: string, to: string): void {
    if (this.draft.rename(parent, from, to)) {
      this.report.renamed(pointer(...parent, from), pointer(...parent, to));
    }
  }

  /** Replaces a word (decision 2.4). */
  private replaceWord(path: Path, words: ReadonlyMap<string, string>): void {
    const word = words.get(stringOf(this.draft.get(...path)) ?? "");
    if (word !== undefined) {
      this.draft.assign(path, text(word));
      this.report.derived(pointer(...path), pointer(...path));
    }
  }

  /** Refuses a value that is set and not an object, or that is unset although it is required. */
  requireObject(path: Path, required = false, place = path): void {
    const value = this.draft.get(...path);
    if (isSet(value) ? value.kind !== "object" : required) {
      throw refusal(place);
    }
  }

  /** Refuses a value that is not a readable string. */
  private requireString(path: Path, place = path): string {
    const value = stringOf(this.draft.get(...path));
    if (value === undefined) {
      throw refusal(place);
    }
    return value;
  }
}
