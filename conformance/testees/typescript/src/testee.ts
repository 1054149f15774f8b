/** Answers the requests of the conformance protocol, one JSON line each (README.md). */

import { checksum, verifyChecksum } from "./checksums.js";
import type { Algorithm } from "./checksums.js";
import { Unsupported, VcpError } from "./errors.js";
import { linesOf } from "./lines.js";
import { normalize } from "./normalize.js";
import { optionalNow, requiredBytes, requiredText, requiredWord } from "./requests.js";
import type { Request } from "./requests.js";
import { verify } from "./signatures.js";
import { isValid } from "./structure.js";
import { upgrade } from "./upgrade.js";

type Operation = (request: Request) => object;

const HELLO = {
  implementation: "vcp-testee-typescript",
  version: "0.1.0",
  language: "typescript",
  vcp_versions: ["0.4", "0.5"],
};

const UTF8 = new TextDecoder("utf-8", { fatal: true });

const OPERATIONS = new Map<string, Operation>([
  ["hello", hello],
  ["validate", validate],
  ["normalize", ({ fn, args }) => ({ value: normalize(fn, args) })],
  ["upgrade", (request) => upgrade(requiredBytes(request, "input"), optionalNow(request))],
  ["checksum", checksumAnswer],
  ["verify_checksum", (request) => verifyChecksum(requiredBytes(request, "input"))],
  ["verify", verify],
]);

/** Answers `hello`. */
function hello(): object {
  return { ...HELLO, ops: [...OPERATIONS.keys()], features: ["report"] };
}

/** Answers `validate`, for the profile `structure` only. */
function validate(request: Request): object {
  const bytes = requiredBytes(request, "input");
  const profile = requiredWord(request, "profile", ["structure", "reference", "canonical"]);
  optionalNow(request);
  if (profile !== "structure") {
    throw new Unsupported(`the profile ${profile}`);
  }
  return { valid: isValid(bytes) };
}

/** Answers `checksum`. */
function checksumAnswer(request: Request): object {
  const bytes = requiredBytes(request, "input");
  const algorithm = requiredWord(request, "algorithm", ["legacy", "jcs"]) as Algorithm;
  return { checksum: checksum(bytes, algorithm) };
}

/** Answers a line. Whatever the line is, there is an answer. */
function answer(line: Buffer): object {
  let request: unknown;
  try {
    request = JSON.parse(UTF8.decode(line));
  } catch {
    return { seq: null, error: { code: "VCP_E007", field_path: "$", reason: "no JSON" } };
  }
  if (typeof request !== "object" || request === null || Array.isArray(request)) {
    return { seq: null, error: { code: "VCP_E004", field_path: "$", reason: "no object" } };
  }
  return answerRequest(request as Request);
}

/** Answers a request with its own `seq`. */
function answerRequest(request: Request): object {
  const seq = Number.isSafeInteger(request["seq"]) ? request["seq"] : null;
  try {
    const op = requiredText(request, "op");
    const operation = OPERATIONS.get(op);
    return operation === undefined
      ? { seq, unsupported: `the operation ${op}` }
      : { seq, ok: operation(request) };
  } catch (error) {
    return { seq, ...failure(error) };
  }
}

/** Turns an exception into an answer. An unforeseen one must not end the program either. */
function failure(error: unknown): object {
  if (error instanceof Unsupported) {
    return { unsupported: error.message };
  }
  if (error instanceof VcpError) {
    const { code, fieldPath, reason } = error;
    return { error: { code, field_path: fieldPath, reason } };
  }
  return { error: { code: "VCP_E003", field_path: "$", reason: String(error) } };
}

for await (const line of linesOf(process.stdin)) {
  process.stdout.write(`${JSON.stringify(answer(line))}\n`);
}
