"""Makes models.py (pydantic) and structs.py (msgspec) of the published JSON Schema.

Needs datamodel-code-generator 0.34. Descriptions are left out. A word that may be any string is a
plain string, because unions would slow Python down. Times are times for pydantic, as in the
published models, and strings for msgspec.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).parent
schema = json.loads((here / "../../../schema/vcp-0.5.schema.json").read_text())


def time(name, node):
    """Returns a member, as a time if its name is that of one."""
    if name.endswith(("_time", "_at")) and node.get("type") in ("string", ["string", "null"]):
        return {"type": node["type"], "format": "date-time"}
    return node


def plain(node):
    """Returns a part of the schema without descriptions and open vocabularies."""
    if isinstance(node, list):
        return [plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    if (
        any(isinstance(one, dict) and "enum" in one for one in node.get("anyOf", []))
        and {"type": "string"} in node["anyOf"]
    ):
        return {"type": "string"}
    return {
        name: (
            {key: time(key, plain(value)) for key, value in inner.items()}
            if name in ("properties", "$defs")
            else plain(inner)
        )
        for name, inner in node.items()
        if name not in ("description", "examples", "title", "$id")
    }


with tempfile.TemporaryDirectory() as folder:
    source = pathlib.Path(folder, "vcp-0.5.schema.json")
    source.write_text(json.dumps(plain(schema)))
    for kind, name in (("pydantic_v2.BaseModel", "models.py"), ("msgspec.Struct", "structs.py")):
        subprocess.run(
            [
                sys.executable,
                "-m",
                "datamodel_code_generator",
                "--input",
                source,
                "--input-file-type",
                "jsonschema",
                "--output-model-type",
                kind,
                "--output",
                here / name,
                "--target-python-version",
                "3.11",
                "--use-standard-collections",
                "--use-union-operator",
                "--disable-timestamp",
                "--formatters",
                "black",
                "--class-name",
                "VcpMessage",
                "--collapse-root-models",
            ],
            check=True,
        )
