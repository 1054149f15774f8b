"""Measures this SDK beside Python, JavaScript and other Rust readers, and writes ../RESULTS.md.

`python3 benches/compare/run.py` is the whole command. It needs cargo, python3 with pip, and node with
npm. The packages are pinned; they and the builds are kept in the user's cache folder. Every round
measures every program on the same bytes, one after the other, and the least time of all rounds counts.
"""

import argparse
import hashlib
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent
# Each checkout has a folder of its own, because cargo tells checkouts only by the times of files.
checkout = hashlib.sha256(str(root).encode()).hexdigest()[:8]
cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "vcp" / f"compare-{checkout}"
PROVIDERS = ["vapi", "retell", "elevenlabs", "bland"]
# The guide publishes mapping rules for these.
IN_PYTHON = [("vapi", "small"), ("vapi", "100k"), ("vapi", "1m"), ("retell", "small"), ("retell", "100k"), ("retell", "1m"), ("assistable", "post_call")]
EXAMPLE = "message/example"


def command(*words, **options):
    return subprocess.run([str(word) for word in words], check=True, text=True, stdout=subprocess.PIPE, **options).stdout


def install():
    """Builds and installs everything. Returns how each program is run."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or cache / "target").resolve()
    command("cargo", "build", "--quiet", "--release", "--locked", "-p", "vcp-benches", "--bins", cwd=root, env={**os.environ, "CARGO_TARGET_DIR": str(target)})
    floors = cache / "floors"
    command("cargo", "build", "--quiet", "--release", "--locked", cwd=here / "floors", env={**os.environ, "CARGO_TARGET_DIR": str(floors)})
    python, requirements = cache / "python", here / "python" / "requirements.txt"
    wanted = requirements.read_text() + sys.version
    if not (cache / "python.txt").exists() or (cache / "python.txt").read_text() != wanted:
        command(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", "--target", python, "-r", requirements)
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
    words = [folder / "throughput", "--op", op, "--json", "--millis", millis, "--provider", provider, "--secret", "key_not_a_real_secret"]
    if threads > 1:
        words += ["--threads", threads]
    line = json.loads(command(*words, cache / "inputs" / name))
    times.note("sdk", op, name, line["median_ns"])
    if threads > 1:
        times.facts.setdefault(("threads", op, name), []).append(line["median_ns"] / line["ns_at_once"])
    else:
        times.facts[(op, name)] = line
        times.facts.setdefault(("p99", op, name), []).append(line["p99_ns"])


def measure(rounds, millis):
    folder, floors = install()
    file = lambda name: str(cache / "inputs" / name)
    conversations = [f"{provider}/{size}" for provider in PROVIDERS for size in ("small", "100k", "1m")]
    in_python = [f"{provider}/{size}" for provider, size in IN_PYTHON]
    jobs = {
        "sdk": [(op, name) for name in conversations for op in ("scan", "map", "receive-json")]
        + [(op, name) for name in ("assistable/post_call",) for op in ("scan", "map", "receive-json")]
        + [(op, f"{provider}/100k") for provider in PROVIDERS for op in ("hmac", "copy")]
        + [(op, EXAMPLE) for op in ("scan", "parse", "serialize", "fits", "reference", "validate", "sha256", "legacy", "jcs")]
        + [("scan", "session/5000"), ("assemble", "session/5000"), ("scan", "merge/retell"), ("merge", "merge/retell")]
        + [("scan", "message/production-0.3"), ("upgrade", "message/production-0.3")],
        "python": [("loads", name) for name in conversations]
        + [(work, name) for name in in_python for work in ("pipeline", "pipeline with hmac")]
        + [(work, EXAMPLE) for work in ("loads", "pydantic", "pydantic with rules", "msgspec", "msgspec, any")],
        "node": [("parse", name) for name in conversations] + [(work, EXAMPLE) for work in ("parse", "ajv", "zod")],
        "floors": [(work, name) for name in conversations if name.endswith("100k") for work in ("value", "simd-json tape", "sonic-rs value", "sonic-rs skip")]
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
            ("python", [sys.executable, here / "python" / "times.py"], {"PYTHONPATH": str(cache / "python"), "PYTHONDONTWRITEBYTECODE": "1"}),
            ("node", ["node", here / "node" / "times.mjs"], {"NODE_MODULES": str(cache), "SCHEMA": str(root / "schema/vcp-0.5.schema.json")}),
            ("floors", [floors], {}),
        ):
            listed = [[work, file(name)] + ([name.split("/")[0]] if program == "python" else []) for work, name in jobs[program]]
            for (work, name), ns in zip(jobs[program], listen(words, listed, millis, **extra), strict=True):
                times.note(program, work, name, ns)
    growth = subprocess.run([folder / "growth", "--millis", str(millis)], text=True, stdout=subprocess.PIPE)
    times.facts["growth"] = growth.stdout
    times.facts["is linear"] = growth.returncode == 0
    return times


def shown(number):
    return f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def micros(ns):
    return shown(ns / 1000)


def table(head, rows):
    line = lambda cells: "| " + " | ".join(str(cell) for cell in cells) + " |"
    return "\n".join([line(head), line(["---"] * len(head)), *map(line, rows)]) + "\n"


def targets(times):
    """Returns the rows of the table of targets."""
    t = lambda op, name: times.get("sdk", op, name)
    ratio = lambda name: t("map", name) / t("scan", name)
    rows = []

    def add(work, wanted, most, measured, least=False):
        worst = min(measured.values()) if least else max(measured.values())
        met = worst >= most if least else worst <= most
        figures = ", ".join(f"{name} {shown(value)}" if name else shown(value) for name, value in measured.items())
        rows.append([work, wanted, figures, "yes" if met else "no"])

    for size, text in (("100k", "100 kB"), ("1m", "1 MB")):
        add(f"map {text}, in scans", "≤ 2.5", 2.5, {p: ratio(f"{p}/{size}") for p in PROVIDERS})
    add("map 4 kB, in scans", "≤ 5", 5, {p: ratio(f"{p}/small") for p in PROVIDERS})
    add("allocations of map, 100 kB", "≤ 200", 200, {p: times.facts[("map", f"{p}/100k")]["allocations"] for p in PROVIDERS})
    for size, text in (("100k", "100 kB"), ("1m", "1 MB")):
        beyond = {p: times.facts[("map", f"{p}/{size}")]["beyond_bytes"] / 1024 for p in PROVIDERS}
        add(f"memory of map beyond its output, {text}, in KiB", "≤ 64", 64, beyond)
    bare = lambda p: t("map", f"{p}/100k") + t("hmac", f"{p}/100k") + t("copy", f"{p}/100k")
    add("receive to JSON, 100 kB, in map + bare HMAC + copy", "≤ 1.3", 1.3, {p: t("receive-json", f"{p}/100k") / bare(p) for p in PROVIDERS})
    python = lambda work, name: times.get("python", work, name)
    add("Python's pipeline with HMAC ÷ our receive to JSON, 100 kB", "≥ 2.5", 2.5, {p: python("pipeline with hmac", f"{p}/100k") / t("receive-json", f"{p}/100k") for p in ("vapi", "retell")}, least=True)
    add("Python's pipeline ÷ our map, 100 kB", "≥ 4", 4, {p: python("pipeline", f"{p}/100k") / t("map", f"{p}/100k") for p in ("vapi", "retell")}, least=True)
    add("Python's pipeline ÷ our map, 4 kB", "≥ 8", 8, {name.split("/")[0]: python("pipeline", name) / t("map", name) for name in ("vapi/small", "retell/small", "assistable/post_call")}, least=True)
    scan = t("scan", EXAMPLE)
    for op, text, most in (("parse", "parse the full example", 3), ("serialize", "serialise it", 1.1), ("fits", "its structure, yes or no", 2.2), ("reference", "all findings but the checksum", 3.3)):
        add(f"{text}, in scans", f"≤ {most}", most, {"": t(op, EXAMPLE) / scan})
    add("older checksum, in SHA-256 + serialise", "≤ 1.2", 1.2, {"": t("legacy", EXAMPLE) / (t("sha256", EXAMPLE) + t("serialize", EXAMPLE))})
    add("ajv ÷ our structure, yes or no", "≥ 2.5", 2.5, {"": times.get("node", "ajv", EXAMPLE) / t("fits", EXAMPLE)}, least=True)
    add("pydantic with the published rules ÷ our findings without checksum", "≥ 4.5", 4.5, {"": python("pydantic with rules", EXAMPLE) / t("reference", EXAMPLE)}, least=True)
    add("assemble 5 000 events, in scans", "≤ 3", 3, {"": t("assemble", "session/5000") / t("scan", "session/5000")})
    gains = {op: statistics.median(times.facts[("threads", op, "vapi/100k")]) for op in ("map", "receive-json", "sha256")}
    add("two threads ÷ one, 100 kB of Vapi", "≥ 1.9", 1.9, gains, least=True)
    add("upgrade to text, in scans", "≤ 12", 12, {"": t("upgrade", "message/production-0.3") / t("scan", "message/production-0.3")})
    return rows


def thresholds(times):
    """Returns the rows of the table of the consistency framework's thresholds."""
    rows = []
    for text, op, name, least, most in (
        ("schema validation, the full example", "validate", EXAMPLE, 10_000, 10),
        *((f"provider mapping, {p} 4 kB", "map", f"{p}/small", 5_000, 20) for p in PROVIDERS),
        *((f"provider mapping, {p} 100 kB", "map", f"{p}/100k", 5_000, 20) for p in PROVIDERS),
        ("serialisation, the full example", "serialize", EXAMPLE, 50_000, 2),
    ):
        each = 1e9 / times.get("sdk", op, name)
        p99 = statistics.median(times.facts[("p99", op, name)]) / 1e6
        rows.append([text, f"{least:,}".replace(",", " "), f"{each:,.0f}".replace(",", " "), f"{most} ms", f"{p99:.3f} ms", "yes" if each >= least and p99 <= most else "no"])
    return rows


def plot(times):
    """Returns bars of the times for conversations of 100 kB, as SVG."""
    bars = []
    for provider in PROVIDERS:
        name = f"{provider}/100k"
        bars.append((f"{provider}: scan", times.get("sdk", "scan", name), "#b0b0b0"))
        bars.append((f"{provider}: map", times.get("sdk", "map", name), "#2a6fbb"))
        bars.append((f"{provider}: receive to JSON", times.get("sdk", "receive-json", name), "#174a80"))
        bars.append((f"{provider}: json.loads of Python", times.get("python", "loads", name), "#e0a030"))
        if ("python", "pipeline with hmac", name) in times.least:
            bars.append((f"{provider}: Python's pipeline with HMAC", times.get("python", "pipeline with hmac", name), "#b86a00"))
        bars.append((f"{provider}: JSON.parse of node", times.get("node", "parse", name), "#5a9a4a"))
    longest = max(ns for _, ns, _ in bars)
    height = 18 * len(bars) + 40
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="860" height="{height}" font-family="sans-serif" font-size="12">', '<rect width="100%" height="100%" fill="white"/>', '<text x="10" y="20" font-size="14">Conversations of 100 kB, µs for each: shorter is better</text>']
    for at, (text, ns, colour) in enumerate(bars):
        y = 30 + 18 * at
        lines.append(f'<text x="270" y="{y + 12}" text-anchor="end">{text}</text><rect x="280" y="{y}" width="{500 * ns / longest:.1f}" height="14" fill="{colour}"/><text x="{286 + 500 * ns / longest:.1f}" y="{y + 12}">{micros(ns)}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def versions():
    info = pathlib.Path("/proc/cpuinfo")
    processor = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
    package = json.loads((here / "node" / "package.json").read_text())["dependencies"]
    lock = (here / "floors" / "Cargo.lock").read_text()
    crate = lambda name: re.search(rf'name = "{name}"\nversion = "(.*)"', lock).group(1)
    rust = ", ".join(f"{name} {crate(name)}" for name in ("serde_json", "simd-json", "sonic-rs"))
    return [
        ["processor", f"{processor.group(1) if processor else platform.machine()}, {os.cpu_count()} cores, shared with others"],
        ["Rust", command("rustc", "--version").strip() + f"; {rust}; for plain x86-64"],
        ["Python", f"{platform.python_version()}; " + ", ".join((here / "python" / "requirements.txt").read_text().split())],
        ["node", command("node", "--version").strip() + "; " + ", ".join(f"{name} {version}" for name, version in package.items())],
    ]


def results(times, rounds, millis):
    t = lambda op, name: times.get("sdk", op, name)
    rows = []
    for provider in PROVIDERS:
        for size in ("small", "100k", "1m"):
            name = f"{provider}/{size}"
            pipeline = times.least.get(("python", "pipeline with hmac", name))
            rows.append([name, times.facts[("map", name)]["bytes"], micros(t("scan", name)), micros(t("map", name)), shown(t("map", name) / t("scan", name)), micros(t("receive-json", name)), micros(times.get("python", "loads", name)), micros(pipeline) if pipeline else "–", shown(pipeline / t("receive-json", name)) if pipeline else "–", micros(times.get("node", "parse", name))])
    floors = []
    for provider in PROVIDERS:
        name = f"{provider}/100k"
        works = ("derive", "value", "simd-json tape", "sonic-rs skip", "sonic-rs value")
        floors.append([name] + [shown(ns / t("scan", name)) if (ns := times.least.get(("floors", work, name))) else "–" for work in works] + [shown(t("map", name) / t("scan", name))])
    scan = t("scan", EXAMPLE)
    messages = [[text, micros(ns), shown(ns / scan)] for text, ns in (
        ("scan", scan),
        ("our structure, yes or no", t("fits", EXAMPLE)),
        ("our parse", t("parse", EXAMPLE)),
        ("our findings without checksum", t("reference", EXAMPLE)),
        ("all our findings", t("validate", EXAMPLE)),
        ("our serialise", t("serialize", EXAMPLE)),
        ("SHA-256", t("sha256", EXAMPLE)),
        ("our older checksum", t("legacy", EXAMPLE)),
        ("our checksum over RFC 8785", t("jcs", EXAMPLE)),
        ("JSON.parse", times.get("node", "parse", EXAMPLE)),
        ("JSON.parse and ajv", times.get("node", "ajv", EXAMPLE)),
        ("JSON.parse and zod", times.get("node", "zod", EXAMPLE)),
        ("json.loads", times.get("python", "loads", EXAMPLE)),
        ("msgspec, any value", times.get("python", "msgspec, any", EXAMPLE)),
        ("msgspec, typed", times.get("python", "msgspec", EXAMPLE)),
        ("pydantic", times.get("python", "pydantic", EXAMPLE)),
        ("pydantic and the published rules", times.get("python", "pydantic with rules", EXAMPLE)),
    )]
    return f"""# Results

`python3 benches/compare/run.py` writes this page. Each time is the least of {rounds} rounds of
{millis} ms. Gains of threads and 99th percentiles are the median of the rounds. Every round measured
all programs on the same bytes. Compare figures only within this page: the machine is shared.

{table(["part", "version"], versions())}
## Targets

Inputs are those of `cargo run --release --bin inputs -- FOLDER`. A scan is `serde_json` into
`IgnoredAny`. [`NOTES.md`](NOTES.md) says what remains where a target is not met.

{table(["work", "target", "measured", "met"], targets(times))}
## Deliveries

All times in µs. Python's pipeline is `json.loads`, the mapping that the provider guide publishes,
pydantic, and `json.dumps`, with an HMAC before. The guide publishes rules for Retell, Vapi and
Assistable. It reads no rows, no metrics and no costs, and keeps no report.

![times for conversations of 100 kB](results.svg)

{table(["input", "bytes", "scan", "map", "map ÷ scan", "receive to JSON", "json.loads", "Python's pipeline with HMAC", "÷ receive to JSON", "JSON.parse"], rows)}
## Other readers in Rust

The time to read the same bytes, in scans. `derive` borrows Vapi's rows, adds their numbers and counts
their words.

{table(["input", "serde derive", "serde_json::Value", "simd-json tape", "sonic-rs skip", "sonic-rs value", "our map"], floors)}
## Messages

The specification's full example, {times.facts[("parse", EXAMPLE)]["bytes"]} bytes. The schema is ours for ajv and zod, and the models of
pydantic and msgspec were made from it. Those of msgspec take times as strings, and lose unknown
members.

{table(["work", "µs", "scans"], messages)}
## The thresholds of the consistency framework

Its section 3.3 asks for a least number of operations a second and a 99th percentile of single runs.

{table(["work", "least a second", "measured", "most p99", "measured", "met"], thresholds(times))}
## Growth

{times.facts["growth"]}"""


arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
arguments.add_argument("--rounds", type=int, default=3)
arguments.add_argument("--millis", type=int, default=200)
arguments.add_argument("--output", type=pathlib.Path, default=root / "benches", help="the folder of RESULTS.md and results.svg")
arguments = arguments.parse_args()
cache.mkdir(parents=True, exist_ok=True)
times = measure(arguments.rounds, arguments.millis)
(arguments.output / "RESULTS.md").write_text(results(times, arguments.rounds, arguments.millis))
(arguments.output / "results.svg").write_text(plot(times))
if not times.facts["is linear"]:
    sys.exit("a cost grows faster than the input: see the growth table")
