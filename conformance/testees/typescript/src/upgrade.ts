/** Upgrades messages of 0.4 to 0.5 (MIGRATION.md, sections 1 to 3). */

import { MEMBER_LIMIT, faultsOf } from "./check.js";
import type { Fault } from "./check.js";
import { difference, operationValue } from "./equality.js";
import type { Operation } from "./equality.js";
import { Unsupported, VcpError } from "./errors.js";
import { writeJson } from "./json.js";
import type { JsonObject, JsonValue } from "./json.js";
import { BYTE_LIMIT, readText, writtenMessage } from "./message.js";
import { MESSAGE, readModel } from "./model.js";
import type { Kind, ObjectKind } from "./model.js";
import { unknownMembers } from "./report.js";
import type { Entry } from "./report.js";
import { reversed } from "./reverse.js";
import { Rules } from "./rules.js";
import { AUDIT, EMPTY_OBJECT, EXPERIMENTAL, OLD_AUDIT } from "./sections.js";
import {
  Draft, NULL, byCodePoint, fieldPath, isSet, itemsOf, list, member, membersOf, object, pointer, step,
  stringOf, text,
} from "./tree.js";
import { timestampOf, writeInstant } from "./values.js";

export interface Upgraded {
  readonly from: string;
  readonly message_text: string;
  readonly report: readonly Entry[];
}

const OLD_MESSAGE = readModel("0.4");
const STASH = "vcp_migration";
const STASH_PLACE = pointer(...EXPERIMENTAL, STASH);

/** Upgrades a text by the steps of section 2. */
export function upgrade(bytes: Uint8Array, now: string | undefined): Upgraded {
  const source = readText(bytes);
  const version = versionOf(source);
  if (version !== "0.4") {
    throw new Unsupported(`the upgrade of a message of ${version}`);
  }
  checkCount(source, OLD_MESSAGE);
  refuseRepeated(source, OLD_MESSAGE, "$");
  const rules = new Rules(source, nowValue(now));
  rules.apply();
  refuseUnreadable(source, rules.draft.root);

  const result = writtenMessage(rules.draft.root);
  reportKept(result, rules);
  const restore = difference(reversed(result), source).sort((a, b) => byCodePoint(a.path, b.path));
  rules.report.moved(restore, STASH_PLACE);
  const message = withStash(result, restore);
  checkCount(message, MESSAGE);
  return { from: version, message_text: limitedText(message), report: rules.report.sorted(source) };
}

/** Finds the version by checks 3 to 6 of section 1. */
function versionOf(source: JsonValue): string {
  const versions = membersOf(source).filter(({ name }) => name === "vcp_version");
  const spellings = new Set(versions.map(({ value }) => writeJson(value)));
  const version = stringOf(versions[0]?.value);
  if (spellings.size !== 1 || version === undefined || !["0.3", "0.4", "0.5"].includes(version)) {
    throw new VcpError("VCP_E006", "$.vcp_version", "the version is not known");
  }
  const draft = new Draft(source);
  if (version !== "0.5" && draft.has(...AUDIT) && draft.has(...OLD_AUDIT)) {
    throw new VcpError("VCP_E006", "$.vcp_version", "`audit` is in both places");
  }
  return version;
}

/** Writes `now` in UTC, with the fewest of 0, 3, 6 or 9 digits of a fraction (section 2.5). */
function nowValue(now: string | undefined): JsonValue | undefined {
  const time = now === undefined ? undefined : timestampOf(now);
  if (time === undefined) {
    return undefined;
  }
  const fraction = time.fraction.padEnd(9, "0").replace(/(000)+$/, "");
  const written = writeInstant(time.wholeSeconds, fraction);
  return written === undefined ? undefined : text(written);
}

/** Refuses the first repeated member of a modelled object or a map (section 2.1). */
function refuseRepeated(value: JsonValue, kind: Kind, path: string): void {
  if (kind.type === "list") {
    itemsOf(value).forEach((item, index) => {
      refuseRepeated(item, kind.elements, `${path}[${index}]`);
    });
  }
  if (kind.type !== "object" && kind.type !== "map") {
    return;
  }
  const seen = new Set<string>();
  for (const { name } of membersOf(value)) {
    if (seen.has(name)) {
      throw new VcpError("VCP_E003", step(path, name), "the member is repeated");
    }
    seen.add(name);
  }
  for (const { name, value: each } of membersOf(value)) {
    const below = kind.type === "map" ? kind.values : kind.members.get(name)?.kind;
    if (below !== undefined) {
      refuseRepeated(each, below, step(path, name));
    }
  }
}

/** Refuses a copy that is no 0.5 message, at the place in the source (section 2.3). */
function refuseUnreadable(source: JsonValue, copy: JsonValue): void {
  const fault = faultsOf(copy, MESSAGE).find((each) => !each.unlisted);
  if (fault === undefined) {
    return;
  }
  if (fault.code === "VCP_E008") {
    throw new VcpError(fault.code, fault.path);
  }
  const place = faultsOf(source, OLD_MESSAGE).find(countsInSource) ?? fault;
  throw new VcpError("VCP_E003", place.path);
}

/** The places of values that the rules replace, remove or leave unknown. They are not checked. */
const UNCHECKED = /^\$\.(call_id$|vcp_payload\.(outcomes\.perceived\[|audit\.checksum$))/;

/** Tells whether a fault of the source is one that prevents an upgrade. */
function countsInSource({ code, path, unlisted }: Fault): boolean {
  return !unlisted && code !== "VCP_E005" && !UNCHECKED.test(path);
}

/** Refuses a message with too many modelled members (section 2.4). */
function checkCount(message: JsonValue, model: ObjectKind): void {
  const fault = faultsOf(message, model).find(({ code }) => code === "VCP_E008");
  if (fault !== undefined) {
    throw new VcpError(fault.code, fault.path);
  }
}

/** Writes the result, unless it is too long (section 2.4). */
function limitedText(message: JsonObject): string {
  const written = writeJson(message);
  if (Buffer.byteLength(written) > BYTE_LIMIT) {
    throw new VcpError("VCP_E008", "$", "the result is too long");
  }
  return written;
}

/** Reports the unknown members of the result (section 7, step 2). */
function reportKept(result: JsonObject, { auditPlace, report }: Rules): void {
  let bytes = 0;
  for (const target of unknownMembers(result, MESSAGE)) {
    const source = target.replace(/^\/audit\//, `${pointer(...auditPlace)}/`);
    report.kept(source, target);
    bytes += Buffer.byteLength(source) + Buffer.byteLength(target);
  }
  if (bytes > 4 * BYTE_LIMIT) {
    throw new VcpError("VCP_E008", "$", "the report is too long");
  }
}

/** Puts the stash into the result (section 3.2). */
function withStash(result: JsonObject, restore: readonly Operation[]): JsonObject {
  const draft = new Draft(result);
  const experimental = draft.get(...EXPERIMENTAL);
  const stash = object({
    form: { kind: "number", text: "1" },
    direction: text("upgrade"),
    dialect: text("0.4"),
    restore: list(restore.map(operationValue)),
    experimental_was: experimentalWas(experimental),
  });
  draft.complete(EXPERIMENTAL, EMPTY_OBJECT);
  draft.assign([...EXPERIMENTAL, STASH], stash);
  if (membersOf(draft.get(...EXPERIMENTAL)).length > MEMBER_LIMIT) {
    throw new VcpError("VCP_E008", fieldPath(EXPERIMENTAL), "there is no room for the stash");
  }
  return draft.root as JsonObject;
}

/** Gives what the stash says of the former `experimental`, or nothing if it needs no word. */
function experimentalWas(experimental: JsonValue | undefined): JsonValue | undefined {
  if (!isSet(experimental)) {
    return NULL;
  }
  return member(experimental, STASH) === undefined ? undefined : experimental;
}
