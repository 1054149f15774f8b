/** Finds and reads the published files: the schemas and the rule files of the providers. */

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const MARK = join("schema", "vcp-0.5.schema.json");
const RULES = join("crates", "vcp-mapping", "rules");

/** Finds the folder by `VCP_SUITE`, or by looking upwards from this file. */
function findSuite(): string {
  const given = process.env["VCP_SUITE"];
  if (given !== undefined && given !== "") {
    return given;
  }
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, MARK))) {
    if (folder === dirname(folder)) {
      throw new Error(`no folder above this file has ${MARK}; set VCP_SUITE`);
    }
    folder = dirname(folder);
  }
  return folder;
}

const SUITE = findSuite();

/** Reads a published JSON file. */
function readData(...path: string[]): unknown {
  return JSON.parse(readFileSync(join(SUITE, ...path), "utf8"));
}

/** Reads the schema of a dialect. */
export function readSchema(dialect: string): unknown {
  return readData("schema", `vcp-${dialect}.schema.json`);
}

/** Reads the `provider.json` of every provider. */
export function readProviders(): unknown[] {
  return readdirSync(join(SUITE, RULES))
    .filter((name) => existsSync(join(SUITE, RULES, name, "provider.json")))
    .map((name) => readData(RULES, name, "provider.json"));
}
