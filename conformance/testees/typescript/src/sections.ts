/** Names the sections of a message and gives their defaults (MIGRATION.md, section 2.2). */

import type { JsonObject, JsonValue } from "./json.js";
import { list, object, text } from "./tree.js";

export const PAYLOAD = ["vcp_payload"];
export const CALL = [...PAYLOAD, "call"];
export const OUTCOMES = [...PAYLOAD, "outcomes"];
export const OBJECTIVE = [...OUTCOMES, "objective"];
export const GAP = [...OUTCOMES, "perception_gap"];
export const ATTRIBUTION = [...OUTCOMES, "model_outcome_attribution"];
export const SELECTION = [...PAYLOAD, "model_selection"];
export const CONTEXT = [...PAYLOAD, "hcr"];
export const ARTIFACTS = [...PAYLOAD, "artifacts"];
export const CUSTOM = [...PAYLOAD, "custom"];
export const PROVIDERS = [...CUSTOM, "provider_specific"];
export const EXPERIMENTAL = [...CUSTOM, "experimental"];
export const CONSENT = [...PAYLOAD, "consent"];
export const PROVENANCE = [...PAYLOAD, "provenance"];
export const OLD_AUDIT = [...PAYLOAD, "audit"];
export const AUDIT = ["audit"];

/** The step that an upgrade from 0.4 adds to the history (rule 32). */
export const HISTORY_STEP = "upgraded_from_v0.4";

export const EMPTY_OBJECT = object({});
export const EMPTY_LIST = list([]);

/** The default of rule 9. */
export const OBJECTIVE_DEFAULT = object({ status: text("unknown") });

/** The default of rule 12. */
export const GAP_DEFAULT = object({
  gap_score: { kind: "number", text: "0.0" },
  gap_class: text("aligned"),
});

/** The default of rule 13. */
export const ATTRIBUTION_DEFAULT = object({ roles: EMPTY_OBJECT, kpis: EMPTY_OBJECT });

/** Makes the default of rule 15. */
export function selectionDefault(provider: string, start: JsonValue): JsonObject {
  const policy = text(`${provider}_default`);
  return object({ policy_id: policy, resolved_at: start, roles: EMPTY_OBJECT });
}

/** Makes the default of rule 17. */
export function contextDefault(provider: string, status: JsonValue): JsonObject {
  const headline = text(`${provider} call processed`);
  return object({ audience: text("system"), headline, outcome_status: status });
}
