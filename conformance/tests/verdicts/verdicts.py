"""Reads lines of {"schema": file, "text": JSON}.

Prints for each line the verdict of jsonschema, `true` or `false`.
"""
import json
import sys
from jsonschema import Draft202012Validator

validators = {}
for line in sys.stdin:
    request = json.loads(line)
    file = request["schema"]
    if file not in validators:
        with open(file, encoding="utf-8") as schema:
            validators[file] = Draft202012Validator(json.load(schema))
    print("true" if validators[file].is_valid(json.loads(request["text"])) else "false")
