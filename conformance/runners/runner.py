#!/usr/bin/env python3
"""Runs the conformance cases against a program. Needs only Python 3.9 and its standard library.

    python3 runner.py [--filter TEXT] [--level must] [--timeout SECONDS] [--expected FILE] -- COMMAND

Exits with 1 if a case fails that is not expected to fail, or succeeds although it is.
"""

import argparse
import json
import pathlib
import queue
import re
import subprocess
import sys
import threading
from decimal import Decimal

SUITE = pathlib.Path(__file__).resolve().parent.parent
BASES = {path.stem: path.read_text() for path in (SUITE / "bases").glob("*.json")}
TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")|\s+')


def loads(text):
    """Reads JSON with numbers by their mathematical value. True and 1 stay different."""
    number = lambda text: ("number", Decimal(text).normalize() + 0)
    return json.loads(text, parse_float=number, parse_int=number, strict=False)


def text_of(recipe):
    """Returns a text that is given as a string or as a recipe."""
    if not isinstance(recipe, dict):
        return recipe
    if "json" in recipe:
        return json.dumps(recipe["json"], ensure_ascii=False)
    if "parts" in recipe:
        return "".join(p if isinstance(p, str) else p["repeat"] * p["times"] for p in recipe["parts"])
    message = json.loads(BASES[recipe["base"]])
    for change in recipe.get("patch", []):
        *way, last = [s.replace("~1", "/").replace("~0", "~") for s in change["path"].split("/")[1:]]
        at = message
        for name in way:
            at = at[name]
        if change["op"] == "remove":
            del at[last]
        else:
            at[last] = change["value"]
    return json.dumps(message, ensure_ascii=False)


def made(given):
    """Returns the input of a case with its recipes followed."""
    given = {n: text_of(v) if n in ("input_text", "body_text") else v for n, v in given.items()}
    if isinstance(given.get("messages"), list):
        given["messages"] = [text_of(message) for message in given["messages"]]
    if isinstance(given.get("events"), list):
        given["events"] = [made(e) if isinstance(e, dict) else e for e in given["events"]]
    return given


def at(text, pointer):
    """Returns the text of the value at a JSON Pointer through objects and lists, or "null"."""
    decoder = json.JSONDecoder(strict=False)
    space = lambda i: re.compile(r"\s*").match(text, i).end()
    for step in pointer.split("/")[1:]:
        step, found, i, index = step.replace("~1", "/").replace("~0", "~"), None, space(0), 0
        if text[i : i + 1] not in ("{", "["):
            return "null"
        is_object, i = text[i] == "{", space(i + 1)
        while text[i] not in "}]":
            name = str(index)
            if is_object:
                name, i = decoder.raw_decode(text, i)
                i = space(space(i) + 1)
            start, i, index = i, decoder.raw_decode(text, i)[1], index + 1
            found = text[start:i] if name == step else found
            i = space(i)
            i = space(i + 1) if text[i] == "," else i
        if found is None:
            return "null"
        text = found
    return text


def as_set(values):
    return sorted(json.dumps(value, sort_keys=True, default=str) for value in values or [])


def difference(case, answer, reports):
    """Returns how an answer differs from what a case expects, or None."""
    expect = loads(json.dumps(case["expect"], ensure_ascii=False))
    if "error" in expect:
        error = answer.get("error") or {}
        wrong = [name for name, value in expect["error"].items() if error.get(name) != value]
        return f"the error should be {expect['error']}" if wrong else None
    if "ok" not in answer:
        return "there should be no error"
    ok = answer["ok"]
    if "skipped" in expect:
        return None if ok.get("not_a_call") == expect["skipped"] else "`not_a_call` differs"
    if "valid" in expect and ok.get("valid") is not expect["valid"]:
        return "`valid` differs"
    parts = ("code", "severity", "field_path")
    found = [{part: finding.get(part) for part in parts} for finding in ok.get("findings") or []]
    if "findings" in expect and as_set(found) != as_set(expect["findings"]):
        return f"the findings should be {expect['findings']}"
    message = ok.get("message_text") or "null"
    for name, value in expect.get("value", {}).items():
        if name == "message" and loads(message) != value:
            return "the message differs"
        if name == "message_json" and loads(message) != loads(value):
            return "the message differs"
        for pointer, part in value.items() if name in ("fields", "data_text") else []:
            given = at(message, pointer)
            if name == "fields" and loads(given) != part:
                return f"{pointer} should be {part}, not {given}"
            if name == "data_text" and TOKEN.sub(r"\1", given) != TOKEN.sub(r"\1", part):
                return f"{pointer} should be spelled {part}, not {given}"
        if name not in ("message", "message_json", "fields", "data_text") and ok.get(name) != value:
            return f"`{name}` should be {value}, not {ok.get(name)}"
    for name, value in expect.get("report", {}).items() if reports else []:
        if as_set(ok.get(name)) != as_set(value):
            return f"`{name}` of the report should be {value}, not {ok.get(name)}"
    return None


class Testee:
    """A program under test. It is started anew after it failed to answer."""

    def __init__(self, command, timeout):
        self.command, self.timeout, self.process = command, timeout, None

    def ask(self, line):
        if self.process is None:
            pipe = subprocess.PIPE
            self.process = subprocess.Popen(self.command, stdin=pipe, stdout=pipe)
            self.lines = queue.Queue()
            reader = lambda out, lines: [lines.put(line) for line in out] and None or lines.put(b"")
            threading.Thread(target=reader, args=(self.process.stdout, self.lines), daemon=True).start()
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
            answer = self.lines.get(timeout=self.timeout)
            if answer:
                return loads(answer.decode())
            reason = "the program ended"
        except queue.Empty:
            reason = f"no answer within {self.timeout} s"
        except OSError:
            reason = "the program ended"
        except ValueError:
            reason = "the answer is not JSON"
        self.process.kill()
        self.process = None
        return reason


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--filter", default="")
    arguments.add_argument("--level", choices=["must", "may"], default="may")
    arguments.add_argument("--timeout", type=float, default=10)
    arguments.add_argument("--expected", help="a JSON file of ids that are expected to fail, with reasons")
    arguments.add_argument("command", nargs=argparse.REMAINDER)
    args = arguments.parse_args()
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    expected = json.loads(pathlib.Path(args.expected).read_text())["failures"] if args.expected else []
    expected = {entry["id"] for entry in expected}
    testee = Testee(command, args.timeout)
    hello = testee.ask('{"seq":0,"op":"hello","protocol":1}')
    if not isinstance(hello, dict) or "ok" not in hello:
        sys.exit(f"the program does not answer `hello`: {hello}")
    ops, features = hello["ok"]["ops"], hello["ok"].get("features", [])
    counts, failures = {"passed": 0, "failed": 0, "skipped": 0}, []
    for file in sorted((SUITE / "cases").rglob("*.json")):
        for case in json.loads(file.read_text())["cases"]:
            if args.filter not in case["id"] or (args.level == "must" and case["level"] != "must"):
                continue
            needs = case.get("features", [])
            needs = needs + ["report"] if set(case["expect"]) == {"report"} else needs
            if case["op"] not in ops or not set(needs) <= set(features):
                counts["skipped"] += 1
                continue
            seq = sum(counts.values()) + 1
            answer = testee.ask(json.dumps({"seq": seq, "op": case["op"], **made(case["input"])}))
            if not isinstance(answer, dict):
                wrong = answer
            elif answer.get("seq") != ("number", Decimal(seq)):
                wrong = "the answer has another `seq`"
            elif "unsupported" in answer:
                counts["skipped"] += 1
                continue
            elif ("ok" in answer) == ("error" in answer):
                wrong = "the answer needs either `ok` or `error`"
            else:
                wrong = difference(case, answer, "report" in features)
            if case["id"] in expected:
                wrong = None if wrong else "this case was expected to fail"
            counts["failed" if wrong else "passed"] += 1
            if wrong:
                failures.append(f"{case['id']}: {wrong}")
    print("\n".join(failures + [", ".join(f"{count} {name}" for name, count in counts.items())]))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
