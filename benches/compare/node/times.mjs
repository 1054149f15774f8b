// Times work in JavaScript. Reads a list of jobs, `[work, file]`, as JSON from standard input, and
// prints the list of their times in nanoseconds. `NODE_MODULES` is the folder of ajv and zod.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const load = createRequire(join(process.env.NODE_MODULES, "package.json"));
const Ajv = load("ajv/dist/2020").default;
const { z } = load("zod");
const schema = JSON.parse(readFileSync(process.env.SCHEMA));
const fits = new Ajv().compile(schema);
const checks = z.fromJSONSchema(schema);

const works = {
  parse: (body) => JSON.parse(body),
  ajv: (body) => fits(JSON.parse(body)),
  zod: (body) => checks.safeParse(JSON.parse(body)).success,
};

function nanoseconds(run, budget) {
  const timed = (runs) => {
    const begun = process.hrtime.bigint();
    for (let at = 0; at < runs; at++) run();
    return Number(process.hrtime.bigint() - begun);
  };
  let runs = 1;
  // The compiler of JavaScript needs many runs before it is at its best.
  for (const until = Date.now() + 300; Date.now() < until; ) timed(1);
  while (timed(runs) < 1e6 && runs < 1 << 20) runs *= 2;
  const samples = [];
  const until = Date.now() + budget;
  while (samples.length < 5 || Date.now() < until) samples.push(timed(runs) / runs);
  return samples.sort((a, b) => a - b)[samples.length >> 1];
}

const [jobs, millis] = JSON.parse(readFileSync(0));
const times = jobs.map(([work, file]) => {
  const body = readFileSync(file);
  if (!works[work](body)) throw new Error(`${work} refuses ${file}`);
  return nanoseconds(() => works[work](body), millis);
});
console.log(JSON.stringify(times));
