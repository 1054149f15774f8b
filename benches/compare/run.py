"""Measures this SDK beside Python, JavaScript and other Rust readers, and writes ../RESULTS.md.

`python3 benches/compare/run.py` is the whole command. It needs cargo, python3 with pip, and node
with npm. The packages are pinned. They and the builds are kept in the user's cache folder. Every round
measures every program on the same bytes, one after the other. The least time of all rounds counts.
"""

import argparse
import hashlib
import json
import os
import pathlib
import subprocess
import sys

from page import EXAMPLE, PROVIDERS, plot, results

here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent
# Each checkout has a folder of its own, because cargo tells checkouts only by the times of files.
checkout = hashlib.sha256(str(root).encode()).hexdigest()[:8]
cache = (
    pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    / "vcp"
    / f"compare-{checkout}"
)
# The guide publishes mapping rules for these.
IN_PYTHON = [
    ("vapi", "small"),
    ("vapi", "100k"),
    ("vapi", "1m"),
    ("retell", "small"),
    ("retell", "100k"),
    ("retell", "1m"),
    ("assistable", "post_call"),
]


def command(*words, **options):
    return subprocess.run(
        [str(word) for word in words], check=True, text=True, stdout=subprocess.PIPE, **options
    ).stdout


def build(folder, target, *arguments):
    options = {"cwd": folder, "env": {**os.environ, "CARGO_TARGET_DIR": str(target)}}
    command("cargo", "build", "--quiet", "--release", "--locked", *arguments, **options)


def install():
    """Builds and installs everything. Returns how each program is run."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or cache / "target").resolve()
    build(root, target, "-p", "vcp-benches", "--bins")
    floors = cache / "floors"
    build(here / "floors", floors)
    python, requirements = cache / "python", here / "python" / "requirements.txt"
    wanted = requirements.read_text() + sys.version
    if not (cache / "python.txt").exists() or (cache / "python.txt").read_text() != wanted:
        command(
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--upgrade",
            "--target",
            python,
            "-r",
            requirements,
        )
        (cache / "python.txt").write_text(wanted)
    package = (here / "node" / "package.json").read_text()
    if not (cache / "node.txt").exists() or (cache / "node.txt").read_text() != package:
        (cache / "package.json").write_text(package)
        command("npm", "install", "--prefix", cache, "--no-audit", "--no-fund", "--silent")
        (cache / "node.txt").write_text(package)
    command(target / "release" / "inputs", cache / "inputs")
    return target / "release", floors / "release" / "vcp-benches-floors"


def listen(words, jobs, millis, **extra):
    text = json.dumps([jobs, millis])
    return json.loads(command(*words, input=text, env={**os.environ, **extra}))


class Times:
    """The least times in nanoseconds, by program, work and input."""

    def __init__(self):
        self.least = {}
        self.facts = {}

    def note(self, program, work, name, ns):
        key = (program, work, name)
        self.least[key] = min(ns, self.least.get(key, ns))

    def get(self, program, work, name):
        return self.least[(program, work, name)]


def ours(times, folder, op, name, millis, threads=1):
    provider = name.split("/")[0].replace("session", "openai_realtime")
    words = [
        folder / "throughput",
        "--op",
        op,
        "--json",
        "--millis",
        millis,
        "--provider",
        provider,
        "--secret",
        "key_not_a_real_secret",
    ]
    if threads > 1:
        words += ["--threads", threads]
    line = json.loads(command(*words, cache / "inputs" / name))
    times.note("sdk", op, name, line["median_ns"])
    if threads > 1:
        times.facts.setdefault(("threads", op, name), []).append(
            line["median_ns"] / line["ns_at_once"]
        )
    else:
        times.facts[(op, name)] = line
        times.facts.setdefault(("p99", op, name), []).append(line["p99_ns"])


def measure(rounds, millis):
    folder, floors = install()
    file = lambda name: str(cache / "inputs" / name)
    conversations = [
        f"{provider}/{size}" for provider in PROVIDERS for size in ("small", "100k", "1m")
    ]
    in_python = [f"{provider}/{size}" for provider, size in IN_PYTHON]
    jobs = {
        "sdk": [(op, name) for name in conversations for op in ("scan", "map", "receive-json")]
        + [
            (op, name)
            for name in ("assistable/post_call",)
            for op in ("scan", "map", "receive-json")
        ]
        + [(op, f"{provider}/100k") for provider in PROVIDERS for op in ("hmac", "copy")]
        + [
            (op, EXAMPLE)
            for op in (
                "scan",
                "parse",
                "serialize",
                "fits",
                "reference",
                "validate",
                "sha256",
                "legacy",
                "jcs",
            )
        ]
        + [
            ("scan", "session/5000"),
            ("assemble", "session/5000"),
            ("scan", "merge/retell"),
            ("merge", "merge/retell"),
        ]
        + [("scan", "message/production-0.3"), ("upgrade", "message/production-0.3")],
        "python": [("loads", name) for name in conversations]
        + [(work, name) for name in in_python for work in ("pipeline", "pipeline with hmac")]
        + [
            (work, EXAMPLE)
            for work in ("loads", "pydantic", "pydantic with rules", "msgspec", "msgspec, any")
        ],
        "node": [("parse", name) for name in conversations]
        + [(work, EXAMPLE) for work in ("parse", "ajv", "zod")],
        "floors": [
            (work, name)
            for name in conversations
            if name.endswith("100k")
            for work in ("value", "simd-json tape", "sonic-rs value", "sonic-rs skip")
        ]
        + [("derive", f"vapi/{size}") for size in ("small", "100k", "1m")],
    }
    times = Times()
    for at in range(rounds):
        print(f"round {at + 1} of {rounds}", file=sys.stderr)
        for op, name in jobs["sdk"]:
            ours(times, folder, op, name, millis)
        ours(times, folder, "receive-json", "vapi/100k", 2 * millis, threads=2)
        ours(times, folder, "map", "vapi/100k", 2 * millis, threads=2)
        ours(times, folder, "sha256", "vapi/100k", 2 * millis, threads=2)
        for program, words, extra in (
            (
                "python",
                [sys.executable, here / "python" / "times.py"],
                {"PYTHONPATH": str(cache / "python"), "PYTHONDONTWRITEBYTECODE": "1"},
            ),
            (
                "node",
                ["node", here / "node" / "times.mjs"],
                {"NODE_MODULES": str(cache), "SCHEMA": str(root / "schema/vcp-0.5.schema.json")},
            ),
            ("floors", [floors], {}),
        ):
            listed = [
                [work, file(name)] + ([name.split("/")[0]] if program == "python" else [])
                for work, name in jobs[program]
            ]
            for (work, name), ns in zip(
                jobs[program], listen(words, listed, millis, **extra), strict=True
            ):
                times.note(program, work, name, ns)
    growth = subprocess.run(
        [folder / "growth", "--millis", str(millis)], text=True, stdout=subprocess.PIPE
    )
    times.facts["growth"] = growth.stdout
    times.facts["is linear"] = growth.returncode == 0
    return times


arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
arguments.add_argument("--rounds", type=int, default=3)
arguments.add_argument("--millis", type=int, default=200)
arguments.add_argument(
    "--output",
    type=pathlib.Path,
    default=root / "benches",
    help="the folder of RESULTS.md and results.svg",
)
arguments = arguments.parse_args()
cache.mkdir(parents=True, exist_ok=True)
times = measure(arguments.rounds, arguments.millis)
(arguments.output / "RESULTS.md").write_text(results(times, arguments.rounds, arguments.millis))
(arguments.output / "results.svg").write_text(plot(times))
if not times.facts["is linear"]:
    sys.exit("a cost grows faster than the input: see the growth table")
