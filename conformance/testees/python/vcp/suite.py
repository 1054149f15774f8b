"""The folder of the suite, which holds the schemas and the rule files."""

import functools
import json
import os
import pathlib

MARK = "schema/vcp-0.5.schema.json"


@functools.cache
def folder():
    """Find the folder: that of the variable `VCP_SUITE`, or one above this file."""
    named = os.environ.get("VCP_SUITE")
    above = pathlib.Path(__file__).resolve().parents
    for candidate in [pathlib.Path(named)] if named else above:
        if (candidate / MARK).is_file():
            return candidate
    raise FileNotFoundError(f"No folder with {MARK}. Set VCP_SUITE to the folder of the suite.")


@functools.cache
def schema(dialect):
    """Read the JSON Schema of a dialect: `0.5`, `0.4`, `0.3` or `0.3-production`."""
    return json.loads((folder() / f"schema/vcp-{dialect}.schema.json").read_text("utf-8"))


def provider_files():
    """List the files `provider.json` of all providers."""
    return sorted((folder() / "crates/vcp-mapping/rules").glob("*/provider.json"))
