// `node benches/ajv.mjs [FILE]` compares the time of validating a message here and in JavaScript,
// on the same bytes in the same run. It needs ajv 8
// (`npm install --prefix target/validators --no-save ajv@8`) and
// `cargo build --release -p vcp-benches`.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const Ajv = createRequire(join(root, "target/validators/package.json"))("ajv/dist/2020").default;
const file = process.argv[2] ?? join(root, "crates/vcp-schema/src/jsonschema/example-0.5.json");
const bytes = readFileSync(file);
const fits = new Ajv().compile(JSON.parse(readFileSync(join(root, "schema/vcp-0.5.schema.json"))));
if (!fits(JSON.parse(bytes))) throw new Error(`${file} does not fit the schema`);

const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
const timed = (operation) => {
  const begun = process.hrtime.bigint();
  for (let at = 0; at < 2000; at++) operation();
  return Number(process.hrtime.bigint() - begun) / 2000;
};
const sdk = (op) =>
  JSON.parse(execFileSync(join(root, "target/release/throughput"), ["--op", op, "--json", "--millis", "200", file])).median_ns;

// ajv checks the presence of members and their types. `fits` checks that and more. The others build
// a message, and the last two also apply rules to it.
const ours = {
  "sdk: the structure, yes or no": "fits",
  "sdk: parse": "parse",
  "sdk: parse and the rules of the reference profile": "reference",
  "sdk: parse and every rule, the checksum among them": "validate",
};
const theirs = "ajv: JSON.parse and the compiled schema";
const found = Object.fromEntries([theirs, ...Object.keys(ours)].map((name) => [name, []]));
for (let round = 0; round < 9; round++) {
  // Only JavaScript needs a warm-up: our code is compiled already.
  for (let warm = 0; warm < 5; warm++) timed(() => fits(JSON.parse(bytes)));
  found[theirs].push(timed(() => fits(JSON.parse(bytes))));
  for (const [name, op] of Object.entries(ours)) found[name].push(sdk(op));
}
const ajv = median(found[theirs]);
for (const [name, list] of Object.entries(found)) {
  console.log(`${name}: ${(median(list) / 1000).toFixed(1)} µs, ${(ajv / median(list)).toFixed(2)} times as fast as ajv`);
}
