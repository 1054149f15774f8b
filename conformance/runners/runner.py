#!/usr/bin/env python3
"""Runs the conformance cases against a program. Needs only Python 3.9 and its standard library.

    python3 runner.py [--filter TEXT] [--level must] [--timeout SEC] [--expected FILE] -- COMMAND

Exits with 1 if a case fails that is not expected to fail, or if one that is does not fail.
Exits with 2 if no case fits, or if the program cannot be started or does not answer `hello`.
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
MEMBERS = {"ok": dict, "error": dict, "unsupported": str}
FINDING = ("code", "severity", "field_path")
OF_MESSAGE = {"message", "message_json", "fields", "data_text"}
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
        given = [{part: finding[part] for part in FINDING} for finding in ok["findings"]]
        yield "findings", ordered(expect["findings"]), ordered(given)
    value = expect.get("value", {})
    message = ok["message_text"] if OF_MESSAGE & set(value) else "null"
    whole = loads(message)
    for name, wanted in value.items():
        if name in ("message", "message_json"):
            yield name, loads(wanted) if name == "message_json" else wanted, whole
        elif name == "fields":
            for pointer, value in wanted.items():
                yield pointer, value, loads("".join(tokens_at(message, pointer)))
        elif name == "data_text":
            for pointer, text in wanted.items():
                yield pointer, TOKEN.findall(text), tokens_at(message, pointer)
        else:
            yield name, wanted, ok["value"] if name == "value" else ok.get(name)
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
    given = [name for name in MEMBERS if answer.get(name) is not None]
    if len(given) != 1 or not isinstance(answer[given[0]], MEMBERS[given[0]]):
        raise ValueError("the answer needs one of `ok`, `error` and `unsupported`")
    return {given[0]: answer[given[0]]}


def difference(case, answer, features):
    """Returns the first difference between the answer and the expectation of a case."""
    if "unsupported" in answer:
        return None
    try:
        parts = compared(case["expect"], answer, features)
        return next((f"`{name}` should be {a}, not {b}" for name, a, b in parts if a != b), None)
    except KeyError as error:
        return f"the answer has no {error}"
    except Exception as error:
        return f"the answer cannot be read: {type(error).__name__}: {error}"


def stop(message):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)


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
    chosen = [
        (seq, case)
        for seq, case in enumerate(cases, 1)
        if args.filter in case["id"] and args.level in (None, case["level"])
    ]
    if not chosen:
        stop("no case fits `--filter` and `--level`")
    listed = json.loads(args.expected.read_text("utf-8"))["failures"] if args.expected else []
    expected = {entry["id"] for entry in listed}
    faults = {name: "no case has this id" for name in expected - {case["id"] for case in cases}}
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    start = lambda: subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if not command:
        stop("name a program after `--`")
    try:
        process = start()
        hello = ask(process, 0, {"op": "hello", "protocol": 1}, args.timeout)["ok"]
        operations, features = hello["ops"], hello.get("features") or []
    except Exception as error:
        stop(f"the program does not start, or does not answer `hello`: {error}")
    passed = as_expected = skipped = 0
    for seq, case in chosen:
        name, answer, fault = case["id"], {"unsupported": "by the answer to `hello`"}, None
        needs = case.get("features", []) + (["report"] if set(case["expect"]) == {"report"} else [])
        if case["op"] in operations and set(needs) <= set(features):
            try:
                request = {"op": case["op"], **made(case["input"])}
                answer = ask(process, seq, request, args.timeout)
                fault = difference(case, answer, features)
            except Exception as error:
                answer, fault = {}, f"{type(error).__name__}: {error}"
                process.kill()
                process.wait()
                process = start()
        if "unsupported" in answer:
            skipped += 1
            if name in expected:
                faults[name] = "this case was expected to fail, but was skipped"
        elif name in expected and fault:
            as_expected += 1
        elif name in expected:
            faults[name] = "this case was expected to fail, but passed"
        elif fault:
            faults[name] = fault
        else:
            passed += 1
    for name, fault in faults.items():
        # What the testee wrote cannot move the cursor or begin a line.
        print("".join(letter if letter.isprintable() else "\ufffd" for letter in f"{name}: {fault}"))
    counts = f"{passed} passed, {len(faults)} failed, {skipped} skipped"
    print(f"{counts}, {as_expected} failed as expected" if listed else counts)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
