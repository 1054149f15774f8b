/** Validates by the published JSON Schema alone (READING.md, section 13). */

import { Ajv2020 } from "ajv/dist/2020.js";
import type { AnySchema } from "ajv";
import { VcpError } from "./errors.js";
import { decodeText } from "./message.js";
import { readSchema } from "./suite.js";

const AJV = new Ajv2020({ allowUnionTypes: true });
const fits = AJV.compile(readSchema("0.5") as AnySchema);

/** Tells whether a text is JSON that the schema of 0.5 accepts. */
export function isValid(bytes: Uint8Array): boolean {
  try {
    return fits(JSON.parse(decodeText(bytes))) === true;
  } catch (error) {
    if (error instanceof VcpError || error instanceof SyntaxError) {
      return false;
    }
    throw error;
  }
}
