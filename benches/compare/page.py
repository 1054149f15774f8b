"""The page of results: its tables, and its plot."""

import json
import os
import pathlib
import platform
import re
import statistics
import subprocess

here = pathlib.Path(__file__).resolve().parent
PROVIDERS = ["vapi", "retell", "elevenlabs", "bland"]
EXAMPLE = "message/example"


def shown(number):
    return (
        f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"
    )


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
        figures = ", ".join(
            f"{name} {shown(value)}" if name else shown(value) for name, value in measured.items()
        )
        rows.append([work, wanted, figures, "yes" if met else "no"])

    for size, text in (("100k", "100 kB"), ("1m", "1 MB")):
        add(f"map {text}, in scans", "≤ 2.5", 2.5, {p: ratio(f"{p}/{size}") for p in PROVIDERS})
    add("map 4 kB, in scans", "≤ 5", 5, {p: ratio(f"{p}/small") for p in PROVIDERS})
    add(
        "allocations of map, 100 kB",
        "≤ 200",
        200,
        {p: times.facts[("map", f"{p}/100k")]["allocations"] for p in PROVIDERS},
    )
    for size, text in (("100k", "100 kB"), ("1m", "1 MB")):
        beyond = {p: times.facts[("map", f"{p}/{size}")]["beyond_bytes"] / 1024 for p in PROVIDERS}
        add(f"memory of map beyond its output, {text}, in KiB", "≤ 64", 64, beyond)
    bare = lambda p: t("map", f"{p}/100k") + t("hmac", f"{p}/100k") + t("copy", f"{p}/100k")
    add(
        "receive to JSON, 100 kB, in map + bare HMAC + copy",
        "≤ 1.3",
        1.3,
        {p: t("receive-json", f"{p}/100k") / bare(p) for p in PROVIDERS},
    )
    python = lambda work, name: times.get("python", work, name)
    add(
        "Python's pipeline with HMAC ÷ our receive to JSON, 100 kB",
        "≥ 2.5",
        2.5,
        {
            p: python("pipeline with hmac", f"{p}/100k") / t("receive-json", f"{p}/100k")
            for p in ("vapi", "retell")
        },
        least=True,
    )
    add(
        "Python's pipeline ÷ our map, 100 kB",
        "≥ 4",
        4,
        {p: python("pipeline", f"{p}/100k") / t("map", f"{p}/100k") for p in ("vapi", "retell")},
        least=True,
    )
    add(
        "Python's pipeline ÷ our map, 4 kB",
        "≥ 8",
        8,
        {
            name.split("/")[0]: python("pipeline", name) / t("map", name)
            for name in ("vapi/small", "retell/small", "assistable/post_call")
        },
        least=True,
    )
    scan = t("scan", EXAMPLE)
    for op, text, most in (
        ("parse", "parse the full example", 3),
        ("serialize", "serialise it", 1.1),
        ("fits", "its structure, yes or no", 2.2),
        ("reference", "all findings but the checksum", 3.3),
    ):
        add(f"{text}, in scans", f"≤ {most}", most, {"": t(op, EXAMPLE) / scan})
    add(
        "older checksum, in SHA-256 + serialise",
        "≤ 1.2",
        1.2,
        {"": t("legacy", EXAMPLE) / (t("sha256", EXAMPLE) + t("serialize", EXAMPLE))},
    )
    add(
        "ajv ÷ our structure, yes or no",
        "≥ 2.5",
        2.5,
        {"": times.get("node", "ajv", EXAMPLE) / t("fits", EXAMPLE)},
        least=True,
    )
    add(
        "pydantic with the published rules ÷ our findings without checksum",
        "≥ 4.5",
        4.5,
        {"": python("pydantic with rules", EXAMPLE) / t("reference", EXAMPLE)},
        least=True,
    )
    add(
        "assemble 5 000 events, in scans",
        "≤ 3",
        3,
        {"": t("assemble", "session/5000") / t("scan", "session/5000")},
    )
    gains = {
        op: statistics.median(times.facts[("threads", op, "vapi/100k")])
        for op in ("map", "receive-json", "sha256")
    }
    add("two threads ÷ one, 100 kB of Vapi", "≥ 1.9", 1.9, gains, least=True)
    add(
        "upgrade to text, in scans",
        "≤ 12",
        12,
        {"": t("upgrade", "message/production-0.3") / t("scan", "message/production-0.3")},
    )
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
        rows.append(
            [
                text,
                f"{least:,}".replace(",", " "),
                f"{each:,.0f}".replace(",", " "),
                f"{most} ms",
                f"{p99:.3f} ms",
                "yes" if each >= least and p99 <= most else "no",
            ]
        )
    return rows


def plot(times):
    """Returns bars of the times for conversations of 100 kB, as SVG."""
    bars = []
    for provider in PROVIDERS:
        name = f"{provider}/100k"
        bars.append((f"{provider}: scan", times.get("sdk", "scan", name), "#b0b0b0"))
        bars.append((f"{provider}: map", times.get("sdk", "map", name), "#2a6fbb"))
        bars.append(
            (f"{provider}: receive to JSON", times.get("sdk", "receive-json", name), "#174a80")
        )
        bars.append(
            (f"{provider}: json.loads of Python", times.get("python", "loads", name), "#e0a030")
        )
        if ("python", "pipeline with hmac", name) in times.least:
            bars.append(
                (
                    f"{provider}: Python's pipeline with HMAC",
                    times.get("python", "pipeline with hmac", name),
                    "#b86a00",
                )
            )
        bars.append(
            (f"{provider}: JSON.parse of node", times.get("node", "parse", name), "#5a9a4a")
        )
    longest = max(ns for _, ns, _ in bars)
    height = 18 * len(bars) + 40
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="860" height="{height}" font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        '<text x="10" y="20" font-size="14">Conversations of 100 kB, µs for each: shorter is better</text>',
    ]
    for at, (text, ns, colour) in enumerate(bars):
        y = 30 + 18 * at
        lines.append(
            f'<text x="270" y="{y + 12}" text-anchor="end">{text}</text><rect x="280" y="{y}" width="{500 * ns / longest:.1f}" height="14" fill="{colour}"/><text x="{286 + 500 * ns / longest:.1f}" y="{y + 12}">{micros(ns)}</text>'
        )
    return "\n".join([*lines, "</svg>"]) + "\n"


def version_of(program):
    return subprocess.run(
        [program, "--version"], check=True, text=True, stdout=subprocess.PIPE
    ).stdout.strip()


def versions():
    info = pathlib.Path("/proc/cpuinfo")
    processor = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
    package = json.loads((here / "node" / "package.json").read_text())["dependencies"]
    lock = (here / "floors" / "Cargo.lock").read_text()
    crate = lambda name: re.search(rf'name = "{name}"\nversion = "(.*)"', lock).group(1)
    rust = ", ".join(f"{name} {crate(name)}" for name in ("serde_json", "simd-json", "sonic-rs"))
    return [
        [
            "processor",
            f"{processor.group(1) if processor else platform.machine()}, {os.cpu_count()} cores, shared with others",
        ],
        ["Rust", version_of("rustc") + f"; {rust}; for plain x86-64"],
        [
            "Python",
            f"{platform.python_version()}; "
            + ", ".join((here / "python" / "requirements.txt").read_text().split()),
        ],
        [
            "node",
            version_of("node")
            + "; "
            + ", ".join(f"{name} {version}" for name, version in package.items()),
        ],
    ]


def results(times, rounds, millis):
    t = lambda op, name: times.get("sdk", op, name)
    rows = []
    for provider in PROVIDERS:
        for size in ("small", "100k", "1m"):
            name = f"{provider}/{size}"
            pipeline = times.least.get(("python", "pipeline with hmac", name))
            rows.append(
                [
                    name,
                    times.facts[("map", name)]["bytes"],
                    micros(t("scan", name)),
                    micros(t("map", name)),
                    shown(t("map", name) / t("scan", name)),
                    micros(t("receive-json", name)),
                    micros(times.get("python", "loads", name)),
                    micros(pipeline) if pipeline else "–",
                    shown(pipeline / t("receive-json", name)) if pipeline else "–",
                    micros(times.get("node", "parse", name)),
                ]
            )
    floors = []
    for provider in PROVIDERS:
        name = f"{provider}/100k"
        works = ("derive", "value", "simd-json tape", "sonic-rs skip", "sonic-rs value")
        floors.append(
            [name]
            + [
                (
                    shown(ns / t("scan", name))
                    if (ns := times.least.get(("floors", work, name)))
                    else "–"
                )
                for work in works
            ]
            + [shown(t("map", name) / t("scan", name))]
        )
    scan = t("scan", EXAMPLE)
    messages = [
        [text, micros(ns), shown(ns / scan)]
        for text, ns in (
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
            (
                "pydantic and the published rules",
                times.get("python", "pydantic with rules", EXAMPLE),
            ),
        )
    ]
    return f"""# Results

`python3 benches/compare/run.py` writes this page. Each time is the least of {rounds} rounds of
{millis} ms. Gains of threads and 99th percentiles are the median of the rounds. Every round
measured all programs on the same bytes. Compare figures only within this page: the machine is
shared.

{table(["part", "version"], versions())}
## Targets

Inputs are those of `cargo run --release -p vcp-benches --bin inputs -- FOLDER`. A scan is
`serde_json` into `IgnoredAny`. [`NOTES.md`](NOTES.md) says what remains where a target is not met.

{table(["work", "target", "measured", "met"], targets(times))}
## Deliveries

All times in µs. Python's pipeline is `json.loads`, the mapping that the provider guide publishes,
pydantic, and `json.dumps`, with an HMAC before. The guide publishes rules for Retell, Vapi and
Assistable. It reads no rows, no metrics and no costs, and keeps no report.

![times for conversations of 100 kB](results.svg)

{table(["input", "bytes", "scan", "map", "map ÷ scan", "receive to JSON", "json.loads", "Python's pipeline with HMAC", "÷ receive to JSON", "JSON.parse"], rows)}
## Other readers in Rust

The time to read the same bytes, in scans. `derive` borrows Vapi's rows, adds their numbers and
counts their words.

{table(["input", "serde derive", "serde_json::Value", "simd-json tape", "sonic-rs skip", "sonic-rs value", "our map"], floors)}
## Messages

The specification's full example, {times.facts[("parse", EXAMPLE)]["bytes"]} bytes. The schema is
ours for ajv and zod, and the models of pydantic and msgspec were made from it. Those of msgspec take
times as strings, and lose unknown members.

{table(["work", "µs", "scans"], messages)}
## The thresholds of the consistency framework

Its section 3.3 asks for a least number of operations a second and a 99th percentile of single runs.

{table(["work", "least a second", "measured", "most p99", "measured", "met"], thresholds(times))}
## Growth

{times.facts["growth"]}"""
