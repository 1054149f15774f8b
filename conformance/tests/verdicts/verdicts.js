// Reads lines of {"schema": file, "text": JSON}.
// Prints for each line the verdict of ajv, `true` or `false`.
const Ajv = require("ajv/dist/2020");
const fs = require("fs");

const validators = {};
const validator = (file) => (validators[file] ??= new Ajv().compile(JSON.parse(fs.readFileSync(file, "utf8"))));
const lines = fs.readFileSync(0, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
console.log(lines.map(({ schema, text }) => validator(schema)(JSON.parse(text))).join("\n"));
