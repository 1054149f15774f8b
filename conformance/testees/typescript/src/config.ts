/** Reads the settings of `verify` (SIGNATURES.md, sections 2 and 4). */

import { VcpError } from "./errors.js";
import type { Request } from "./requests.js";

/** Holds the settings that the schemes of this testee use. */
export interface Config {
  readonly tolerance_sec?: number;
  readonly allow_from?: readonly string[];
}

const isText = (value: unknown): boolean => typeof value === "string";
const isBoolean = (value: unknown): boolean => typeof value === "boolean";
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);

/** Tells for every member whether a value has the right type. */
const TYPES = new Map<string, (value: unknown) => boolean>([
  ["tolerance_sec", Number.isInteger],
  ["allow_from", isTextList],
  ["signature_header", isText],
  ["timestamp_header", isText],
  ["message_id_header", isText],
  ["prefix", isText],
  ["payload_format", isText],
  ["algorithm", isText],
  ["encoding", isText],
  ["header", isText],
  ["param", isText],
  ["include_timestamp", isBoolean],
  ["secret_is_base64", isBoolean],
  ["bearer_prefix", isBoolean],
]);

/** Reads `config`. A member of no use for the scheme must have the right type all the same. */
export function readConfig(request: Request): Config {
  const config = request["config"] ?? {};
  if (typeof config !== "object" || Array.isArray(config)) {
    throw new VcpError("VCP_E004", "$.config");
  }
  const given = Object.entries(config).filter(([, value]) => value !== null);
  for (const [name, value] of given) {
    if (TYPES.get(name)?.(value) !== true) {
      throw new VcpError("VCP_E004", `$.config.${name}`);
    }
  }
  return Object.fromEntries(given) as Config;
}
