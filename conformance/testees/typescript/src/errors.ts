/** Holds the error that a request or a message is answered with. */

import { fieldPath } from "./tree.js";
import type { Path } from "./tree.js";

/** Carries a code of `schema/error-codes.json` and the place of the fault. */
export class VcpError extends Error {
  constructor(
    readonly code: string,
    readonly fieldPath?: string,
    readonly reason?: string,
  ) {
    super(reason ?? code);
  }
}

/** Tells that this testee leaves a part of the protocol out. */
export class Unsupported extends Error {}

/** Makes the error of a message that cannot be upgraded (MIGRATION.md, section 2.3). */
export function refusal(place: Path): VcpError {
  return new VcpError("VCP_E003", fieldPath(place));
}
