#!/usr/bin/env python3
"""Runs the conformance cases against a program. Needs only Python 3.9 and its standard library.

    python3 runner.py [--filter TEXT] [--level must] [--timeout SEC] [--expected FILE] -- COMMAND

Exits with 1 if a case fails that is not expected to fail, or succeeds although it is.
"""

import argparse
import contextlib
import functools
import json
import pathlib
import queue
import re
import subprocess
import sys
import threading
from decimal import Decimal

SUITE = pathlib.Path(__file__).resolve().parent.parent
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}:,]|[^][{}:,"\s]+')


def loads(text):
    """Reads JSON with numbers by their mathematical value. True and 1 stay different."""
    number = lambda text: ("number", Decimal(text))
    return json.loads(text, parse_float=number, parse_int=number)


def steps(pointer):
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def made(value):
    """Returns a part of the input of a case, with the texts of its recipes."""
    if isinstance(value, list):
        return [made(element) for element in value]
    if not isinstance(value, dict):
        return value
    if "json" in value:
        return json.dumps(value["json"], ensure_ascii=False)
    if "parts" in value:
        parts = value["parts"]
        return "".join(p if isinstance(p, str) else p["repeat"] * p["times"] for p in parts)
    if "base" not in value:
        return {name: made(member) for name, member in value.items()}
    message = json.loads((SUITE / "bases" / f"{value['base']}.json").read_text("utf-8"))
    for change in value.get("patch", []):
        *way, last = steps(change["path"])
        parent = functools.reduce(dict.__getitem__, way, message)
        if change["op"] == "remove":
            del parent[last]
        else:
            parent[last] = change["value"]
    return json.dumps(message, ensure_ascii=False)


def tokens_at(text, pointer):
    """Returns the tokens of the value at a JSON Pointer. An absent value is null."""
    tokens = TOKEN.findall(text)
    for step in steps(pointer):
        parts, depth = [[]], 0
        for token in tokens[1:-1]:
            depth += (token in ("[", "{")) - (token in ("]", "}"))
            if token == "," and depth == 0:
                parts.append([])
            else:
                parts[-1].append(token)
        if tokens[0] == "{":
            found = [part[2:] for part in parts if part and json.loads(part[0]) == step]
        else:
            found = [part for index, part in enumerate(parts) if part and str(index) == step]
        tokens = found[-1] if found else ["null"]
    return tokens


def ordered(values):
    """Sorts a list whose order has no meaning."""
    return sorted(values or [], key=lambda value: json.dumps(value, sort_keys=True, default=float))


def compared(expect, answer, features):
    """Yields what a case compares: the name of a part, the wanted value and the given value."""
    expect = loads(json.dumps(expect))
    if "error" in expect:
        given = answer.get("error") or {}
        yield "error", expect["error"], {name: given.get(name) for name in expect["error"]}
        return
    yield "error", None, answer.get("error")
    ok = answer["ok"]
    for name, member in (("skipped", "not_a_call"), ("valid", "valid")):
        if name in expect:
            yield member, expect[name], ok.get(member)
    if "findings" in expect:
        parts = ("code", "severity", "field_path")
        given = [{part: finding[part] for part in parts} for finding in ok["findings"]]
        yield "findings", ordered(expect["findings"]), ordered(given)
    message = ok.get("message_text") or "null"
    for name, wanted in expect.get("value", {}).items():
        if name in ("message", "message_json"):
            yield name, loads(wanted) if name == "message_json" else wanted, loads(message)
        elif name == "fields":
            for pointer, value in wanted.items():
                yield pointer, value, loads("".join(tokens_at(message, pointer)))
        elif name == "data_text":
            for pointer, text in wanted.items():
                yield pointer, TOKEN.findall(text), tokens_at(message, pointer)
        else:
            yield name, wanted, ok.get(name)
    for name, wanted in expect.get("report", {}).items() if "report" in features else []:
        yield name, ordered(wanted), ordered(ok.get(name))


def ask(process, seq, request, timeout):
    """Returns the answer of a program to a request. Raises an error if there is no good one."""
    lines = queue.Queue()

    def exchange():
        with contextlib.suppress(OSError):
            process.stdin.write(json.dumps({"seq": seq, **request}).encode() + b"\n")
            process.stdin.flush()
        lines.put(process.stdout.readline())

    threading.Thread(target=exchange, daemon=True).start()
    try:
        line = lines.get(timeout=timeout)
    except queue.Empty:
        raise TimeoutError(f"no answer within {timeout} s") from None
    if not line:
        raise EOFError("the program ended")
    answer = loads(line.decode())
    if answer["seq"] != ("number", Decimal(seq)):
        raise ValueError("the answer has another `seq`")
    if sum(name in answer for name in ("ok", "error", "unsupported")) != 1:
        raise ValueError("the answer needs one of `ok`, `error` and `unsupported`")
    return answer


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--filter", default="")
    arguments.add_argument("--level", choices=["must", "may"])
    arguments.add_argument("--timeout", type=float, default=10)
    arguments.add_argument("--expected", type=pathlib.Path)
    arguments.add_argument("command", nargs=argparse.REMAINDER)
    args = arguments.parse_args()
    files = sorted((SUITE / "cases").rglob("*.json"))
    cases = [case for file in files for case in json.loads(file.read_text("utf-8"))["cases"]]
    listed = json.loads(args.expected.read_text("utf-8"))["failures"] if args.expected else []
    expected = {entry["id"] for entry in listed}
    faults = {name: "no case has this id" for name in expected - {case["id"] for case in cases}}
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    start = lambda: subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process = start()
    try:
        hello = ask(process, 0, {"op": "hello", "protocol": 1}, args.timeout)["ok"]
    except Exception as error:
        sys.exit(f"the program does not answer `hello`: {error}")
    features = hello.get("features", [])
    passed = skipped = 0
    for seq, case in enumerate(cases, 1):
        if args.filter not in case["id"] or args.level not in (None, case["level"]):
            continue
        needs = case.get("features", []) + (["report"] if set(case["expect"]) == {"report"} else [])
        if case["op"] not in hello["ops"] or not set(needs) <= set(features):
            skipped += 1
            continue
        try:
            request = {"op": case["op"], **made(case["input"])}
            answer = ask(process, seq, request, args.timeout)
            if "unsupported" in answer:
                skipped += 1
                continue
            parts = compared(case["expect"], answer, features)
            wrong = (f"`{name}` should be {a}, not {b}" for name, a, b in parts if a != b)
            fault = next(wrong, None)
        except Exception as error:
            fault = f"{type(error).__name__}: {error}"
            process.kill()
            process = start()
        if case["id"] in expected:
            fault = None if fault else "this case was expected to fail"
        if fault:
            faults[case["id"]] = fault
        else:
            passed += 1
    for name, fault in faults.items():
        print(f"{name}: {fault}")
    print(f"{passed} passed, {len(faults)} failed, {skipped} skipped")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
