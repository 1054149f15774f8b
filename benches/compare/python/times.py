"""Times work in Python. Reads a list of jobs, `[work, file, provider]`, as JSON from standard
input, and prints the list of their times in nanoseconds. Needs pydantic and msgspec."""

import hashlib
import hmac
import json
import pathlib
import sys
import time

import msgspec

import mapping
import models
import structs

SECRET = b"not-a-real-secret"


def work(kind, body, provider):
    """Returns a function that does the work once. It was run before, and its answer was right."""
    decoder = msgspec.json.Decoder(structs.VcpMessage)

    def pipeline():
        vcp = mapping.map_to_vcp(provider, json.loads(body))
        models.VcpMessage.model_validate(vcp)
        return json.dumps(vcp)

    def signed():
        hmac.compare_digest(hmac.new(SECRET, body, hashlib.sha256).hexdigest(), "0" * 64)
        return pipeline()

    def rules():
        return mapping.findings(models.VcpMessage.model_validate_json(body))

    run = {
        "loads": lambda: json.loads(body),
        "pipeline": pipeline,
        "pipeline with hmac": signed,
        "pydantic": lambda: models.VcpMessage.model_validate_json(body),
        "pydantic with rules": rules,
        "msgspec": lambda: decoder.decode(body),
        "msgspec, any": lambda: msgspec.json.decode(body),
    }[kind]
    assert run()
    return run


def nanoseconds(run, budget):
    runs = 1
    while True:
        begun = time.perf_counter_ns()
        for _ in range(runs):
            run()
        if time.perf_counter_ns() - begun > 1_000_000 or runs > 1 << 20:
            break
        runs *= 2
    samples, begun = [], time.perf_counter_ns()
    while len(samples) < 5 or time.perf_counter_ns() - begun < budget:
        start = time.perf_counter_ns()
        for _ in range(runs):
            run()
        samples.append((time.perf_counter_ns() - start) / runs)
    samples.sort()
    return samples[len(samples) // 2]


jobs, millis = json.load(sys.stdin)
print(
    json.dumps(
        [
            nanoseconds(work(kind, pathlib.Path(file).read_bytes(), provider), millis * 1_000_000)
            for kind, file, provider in jobs
        ]
    )
)
