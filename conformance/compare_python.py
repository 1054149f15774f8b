#!/usr/bin/env python3
"""Compares the verdicts of the reference profile and of the published Python implementation.

    python3 -m pip install 'pydantic>=2'
    cargo build --bin vcp
    python3 conformance/compare_python.py DIRECTORY_OF_vcp_v05_schema.py target/debug/vcp

Both validate the example of the published schema, with each member removed or replaced by each
other type, and the texts of the cases. The script prints each kind of difference with its count and
some of its cases or places. `DECISIONS.md`, section 4.4, gives the reason for each kind.
"""

import collections
import importlib
import json
import pathlib
import subprocess
import sys

SUITE = pathlib.Path(__file__).resolve().parent
OPERATIONS = ("parse", "validate", "checksum", "verify_checksum")
sys.path.insert(0, str(SUITE / "runners"))
from runner import made  # noqa: E402


def changed(value):
    yield from (None, True, 7, 1.5, "x", [], [7], {}, {"x": 7})
    if isinstance(value, dict):
        for name in value:
            yield from ({**value, name: other} for other in changed(value[name]))
            yield {key: inner for key, inner in value.items() if key != name}
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from (value[:at] + [other] + value[at + 1 :] for other in changed(inner))


def texts():
    """Yields texts of one line, each with the id of its case."""
    schema = json.loads((SUITE.parent / "schema/vcp-0.5.schema.json").read_text("utf-8"))
    for value in changed(schema["examples"][0]):
        if isinstance(value, dict):
            yield "", json.dumps(value)
    for file in sorted((SUITE / "cases").rglob("*.json")):
        for case in json.loads(file.read_text("utf-8"))["cases"]:
            if case["op"] in OPERATIONS and "input_text" in case["input"]:
                text = made(case["input"]["input_text"])
                if text.strip() and text.isprintable() and len(text) < 200_000:
                    yield case["id"], text


def our_findings(program, lines):
    """Returns the findings of each line that has any."""
    command = [program, "check", "--profile", "reference", "--format", "json", "-"]
    answer = subprocess.run(command, input="\n".join(lines).encode(), capture_output=True)
    if answer.returncode not in (0, 1):
        sys.exit(answer.stderr.decode())
    return {line["line"]: line["findings"] for line in map(json.loads, answer.stdout.splitlines())}


def python_errors(published, text):
    try:
        message = published.VCPMessage.model_validate(json.loads(text))
    except ValueError as error:
        # That of pydantic has a list of faults.
        if hasattr(error, "errors"):
            return sorted({fault["type"] for fault in error.errors()})
        return [type(error).__name__]
    return published.VCPValidator.validate_v05(message)["errors"]


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.path.insert(0, sys.argv[1])
    published = importlib.import_module("vcp_v05_schema")
    all_texts = list(texts())
    ours = our_findings(sys.argv[2], [text for _, text in all_texts])
    kinds = collections.defaultdict(list)
    for number, (case, text) in enumerate(all_texts, 1):
        here = [finding for finding in ours.get(number, []) if finding["severity"] == "error"]
        there = python_errors(published, text)
        if here and not there:
            kind = f"here {here[0]['code']} {here[0]['message']}"
            kinds[kind].append(case or here[0]["field_path"])
        elif there and not here:
            kinds[f"python {', '.join(there)}"].append(case or "the example, changed")
    print(f"{len(all_texts)} texts, {sum(map(len, kinds.values()))} verdicts differ")
    for kind, where in sorted(kinds.items(), key=lambda item: -len(item[1])):
        print(f"{len(where):4} {kind}: {', '.join(sorted(set(where))[:3])}")


if __name__ == "__main__":
    main()
