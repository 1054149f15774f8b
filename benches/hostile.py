#!/usr/bin/env python3
"""Measures what hostile deliveries of 16 MiB cost: python3 benches/hostile.py PATH_OF_VCP

Prints for each delivery the milliseconds of `vcp receive`, the quickest of three runs, and its memory,
the most of three runs.
Needs a release build and GNU time. SECURITY.md has the figures.
"""

import os
import subprocess
import sys
import tempfile

LENGTH = 16 * 1024 * 1024 - 400


def rows(shape: str, row: str) -> str:
    """Fills a list with as many rows as the limit of 16 MiB allows."""
    return shape.replace("ROWS", ",".join([row] * ((LENGTH - len(shape)) // (len(row) + 1))))


RETELL = '{"event":"call_ended","call":{"call_id":"c1","transcript_object":[ROWS]}}'
VAPI = '{"message":{"type":"end-of-call-report","call":{"id":"v1"},"artifact":{"messages":[ROWS]}}}'
COSTS = '{"message":{"type":"end-of-call-report","call":{"id":"v1"},"costs":[ROWS]}}'
ELEVENLABS = '{"type":"post_call_transcription","data":{"conversation_id":"c","status":"done","transcript":[ROWS]}}'
ASSISTABLE = '{"call_id":"a","disconnection_reason":"user_hangup","called_tools":[ROWS]}'
COPIED = '{"call_id":"a","extractions":{"lead_score":1,"contact_appointment_budget":{"password":[ROWS]}}}'
TEXT = '{"event":"call_ended","call":{"call_id":"c1","transcript":"TEXT"}}'
CALL = '{"event":"call_ended","call":{"call_id":"c1",ROWS}}'
TOOL = '{"role":"tool_calls","toolCalls":[{"id":"a","function":{"name":"f"}}]}'
WORD = '{"word":"you","start":0.8,"end":1.1}'
MEMBERS = '{"role":"agent",' + ",".join(f'"{at:06x}":1' for at in range(LENGTH // 11 - 20)) + "}"
DELIVERIES = {
    "a conversation": ("retell", rows(RETELL, f'{{"role":"agent","content":"Thank you.","words":[{WORD},{WORD}]}}')),
    "rows `{}`": ("retell", rows(RETELL, "{}")),
    "the shortest turns": ("retell", rows(RETELL, '{"role":"agent","content":"a"}')),
    "tool calls": ("vapi", rows(VAPI, TOOL)),
    "numbers for rows": ("retell", rows(RETELL, "1e999")),
    "secrets": ("vapi", rows(VAPI, '{"password":"a"}')),
    "secrets that are copied": ("assistable", rows(COPIED, "1")),
    "unknown members": ("retell", CALL.replace("ROWS", ",".join(f'"{at:06x}":1' for at in range(LENGTH // 11 - 10)))),
    "the shortest unknown members": ("retell", rows(CALL, '"":0')),
    "unknown members of a row": ("retell", RETELL.replace("ROWS", MEMBERS)),
    "unknown members of a tool call": ("vapi", VAPI.replace("ROWS", TOOL.replace('"id":"a"', MEMBERS[1:-1]))),
    "unknown variables": ("bland", '{"call_id":"b","variables":' + MEMBERS.replace('"role":"agent",', "") + "}"),
    "nested lists beside a secret": ("retell", CALL.replace("ROWS", '"password":"a","z":' + "[" * (LENGTH // 2 - 100) + "]" * (LENGTH // 2 - 100))),
    "nested objects beside a secret": ("retell", CALL.replace("ROWS", '"password":"a","z":' + '{"a":' * (LENGTH // 6 - 100) + "1" + "}" * (LENGTH // 6 - 100))),
    "kinds of costs": ("vapi", COSTS.replace("ROWS", ",".join(f'{{"type":"{at:06x}"}}' for at in range(LENGTH // 18 - 10)))),
    "results of tools": ("elevenlabs", rows(ELEVENLABS, '{"tool_results":[{}]}')),
    "short tool calls": ("assistable", rows(ASSISTABLE, '{"name":"a"}')),
    "one string": ("retell", TEXT.replace("TEXT", "a" * (LENGTH - len(TEXT)))),
    "escapes": ("retell", TEXT.replace("TEXT", "\\u0061" * ((LENGTH - len(TEXT)) // 6))),
    "no JSON": ("retell", "{" + " " * LENGTH),
}


def main() -> None:
    if len(sys.argv) != 2 or not os.path.isfile(sys.argv[1]):
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "delivery.json")
        for name, (provider, text) in DELIVERIES.items():
            with open(file, "w", encoding="utf-8") as out:
                out.write(text)
            command = [sys.argv[1], "receive", "--provider", provider, "--now", "2026-11-21T12:00:00Z", file]
            runs = []
            for _ in range(3):
                ended = subprocess.run(
                    ["/usr/bin/time", "-f", "%U %S %M", *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
                )
                if ended.returncode not in (0, 1):
                    sys.exit(f"`{sys.argv[1]}` ended with {ended.returncode}: {ended.stderr.splitlines()[0]}")
                user, system, kilobytes = ended.stderr.splitlines()[-1].split()
                runs.append((float(user) + float(system), int(kilobytes)))
            seconds, kilobytes = min(run[0] for run in runs), max(run[1] for run in runs)
            mebibytes = len(text) / 2**20
            print(f"{name:20} {seconds * 1000 / mebibytes:6.1f} ms per MiB, {kilobytes / 1024 / mebibytes:5.1f} bytes of memory per byte")


if __name__ == "__main__":
    main()
