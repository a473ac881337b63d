#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Validates exports against the official schemas of their formats, and what these cannot say.

usage: validate.py SCHEMAS KIND=FILE...

SCHEMAS is the folder that cmake/fetch-schemas.sh fills. KIND is cyclonedx-1.6, cyclonedx-1.7,
sarif, speedscope, or one of the two formats that have no official schema: stella-facts and
stella-callgraph, whose schemas lie beside this file, written from their public documents.
Ends with 77 when a validator or a schema is not there, which skips the test.
"""

import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed: exports are not validated")
    sys.exit(77)

sys.dont_write_bytecode = True
import meaning  # noqa: E402 - beside this file

HERE = pathlib.Path(__file__).parent
OFFICIAL = {
    "cyclonedx-1.6": "cyclonedx/bom-1.6.SNAPSHOT.schema.json",
    "cyclonedx-1.7": "cyclonedx/bom-1.7.SNAPSHOT.schema.json",
    "sarif": "sarif/sarif-2.1.0-rtm.5.json",
    "speedscope": "speedscope/file-format-schema.json",
}
WRITTEN = {
    "stella-facts": "stella-facts.schema.json",
    "stella-callgraph": "stella-callgraph.schema.json",
}


def schema_path(schemas, kind):
    if kind in WRITTEN:
        return HERE / WRITTEN[kind]
    return pathlib.Path(schemas) / OFFICIAL[kind]


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def documents(kind, path):
    """The values in a file: one, or one a line."""
    if kind != "stella-facts":
        return [read(path)]
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def validator_of(path):
    """A validator whose references go to the files beside the schema, never to a network."""
    schema = read(path)
    identifier = schema.get("$id", schema.get("id", ""))
    base = identifier.rsplit("/", 1)[0]
    store = {}
    for other in path.parent.glob("*.json"):
        store[base + "/" + other.name] = read(other)
    resolver = jsonschema.RefResolver(identifier, schema, store=store)
    chosen = jsonschema.validators.validator_for(schema)
    chosen.check_schema(schema)
    return chosen(schema, resolver=resolver, format_checker=jsonschema.FormatChecker())


def check(validator, kind, path):
    problems = 0
    for number, document in enumerate(documents(kind, path), 1):
        for error in validator.iter_errors(document):
            place = "/".join(str(part) for part in error.absolute_path)
            print(f"{path}:{number}: {place}: {error.message[:300]}")
            problems += 1
        # The meaning of what has not even the right form is nothing to ask for.
        for sentence in meaning.CHECKS[kind](document) if not problems and kind in meaning.CHECKS else ():
            print(f"{path}:{number}: {sentence[:300]}")
            problems += 1
    return problems


def main():
    schemas, pairs = sys.argv[1], [argument.split("=", 1) for argument in sys.argv[2:]]
    missing = [kind for kind, _ in pairs if not schema_path(schemas, kind).exists()]
    if missing:
        print(f"no schemas in {schemas} for: {', '.join(sorted(set(missing)))}; "
              "cmake/fetch-schemas.sh fetches them")
        sys.exit(77)
    problems = 0
    for kind, path in pairs:
        found = check(validator_of(schema_path(schemas, kind)), kind, path)
        print(f"{path}: {'valid ' + kind if found == 0 else str(found) + ' problems'}")
        problems += found
    sys.exit(1 if problems else 0)


main()
