#!/usr/bin/env python3
"""Compares the verdicts of the reference profile and of the published Python implementation.

    python3 -m pip install 'pydantic>=2'
    cargo build --bin check
    python3 conformance/compare_python.py DIRECTORY_OF_vcp_v05_schema.py

Both validate the example of the published schema, with each member removed or replaced by each
other type, and the texts of the cases. The script prints each kind of difference with its count and
some of its cases or places. `DECISIONS.md`, section 4.4, gives the reason for each kind.
"""

import collections
import glob
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent
sys.path.insert(0, sys.argv[1] if len(sys.argv) > 1 else ".")
sys.path.insert(0, str(ROOT / "conformance/runners"))
import vcp_v05_schema as published  # noqa: E402
from runner import text_of  # noqa: E402
from pydantic import ValidationError  # noqa: E402


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
    example = json.loads((ROOT / "schema/vcp-0.5.schema.json").read_text())["examples"][0]
    for value in changed(example):
        if isinstance(value, dict):
            yield "", json.dumps(value)
    for file in sorted(glob.glob(str(ROOT / "conformance/cases/*/*.json"))):
        for case in json.loads(pathlib.Path(file).read_text())["cases"]:
            text = text_of(case["input"].get("input_text"))
            if text and case["op"] in ("parse", "validate", "serialize", "checksum", "verify_checksum") and len(text) < 200_000:
                if text.strip() and text.isprintable():
                    yield case["id"], text


def python_errors(text):
    try:
        message = published.VCPMessage.model_validate(json.loads(text))
    except ValidationError as error:
        return sorted({fault["type"] for fault in error.errors()})
    except ValueError as error:
        return [type(error).__name__]
    return published.VCPValidator.validate_v05(message)["errors"]


def main():
    all_texts = list(texts())
    check = [str(ROOT / "target/debug/check"), "--profile", "reference", "--format", "json"]
    answer = subprocess.run(check, input="\n".join(text for _, text in all_texts), capture_output=True, text=True)
    ours = {line["line"]: line["findings"] for line in map(json.loads, answer.stdout.splitlines())}
    kinds = collections.defaultdict(list)
    for number, (case, text) in enumerate(all_texts, 1):
        here = [finding for finding in ours.get(number, []) if finding["severity"] == "error"]
        there = python_errors(text)
        if bool(here) != bool(there):
            kind = f"here {here[0]['code']} {here[0]['message']}" if here else f"python {', '.join(there)}"
            kinds[kind].append(case or here[0]["field_path"])
    print(f"{len(all_texts)} texts, {sum(map(len, kinds.values()))} verdicts differ")
    for kind, where in sorted(kinds.items(), key=lambda item: -len(item[1])):
        print(f"{len(where):4} {kind}: {', '.join(sorted(set(where))[:3])}")


main()
