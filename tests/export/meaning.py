# SPDX-License-Identifier: Apache-2.0
"""What the texts of the specifications demand of exports, and their schemas cannot say.

Each function yields sentences about what is wrong with one document.
"""

import hashlib
import json
import re


def repeated(values):
    """What stands in a list more than once."""
    seen = set()
    return {value for value in values if value in seen or seen.add(value)}


# --- SARIF 2.1.0; numbers are those of its sections -------------------------------------------


def objects(value, name):
    """The objects that are members of that name, at any depth."""
    if isinstance(value, list):
        for item in value:
            yield from objects(item, name)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == name:
                yield from item if isinstance(item, list) else [item]
            yield from objects(item, name)


def address(run, found):
    parents = len(run.get("addresses", []))
    if "parentIndex" not in found and ("relativeAddress" in found or "offsetFromParent" in found):
        yield f"3.32.7, 3.32.8: an address without a parent is relative: {found}"
    if found.get("parentIndex", 0) >= max(parents, 1):
        yield f"3.32.13: an address has no such parent: {found}"


def logical_location(known, names, found):
    if "index" not in found:
        if found.get("fullyQualifiedName") in names:
            yield f"3.33.3: a location that the run lists is told without its index: {found}"
    elif found["index"] >= len(known):
        yield f"3.33.3: there is no such logical location: {found}"
    else:
        for key, value in found.items():
            if known[found["index"]].get(key, value) != value:
                yield f"3.33.3: {key} differs from that of the run's location: {found}"


def result(run, found):
    rules = run["tool"]["driver"]["rules"]
    if found.get("kind", "fail") != "fail" and found.get("level") != "none":
        yield f"3.27.10: a result of kind {found['kind']} has a level"
    if rules[found["ruleIndex"]]["id"] != found["ruleId"]:
        yield f"3.27.6: ruleIndex and ruleId differ: {found['ruleId']}"
    if not any(place.get("physicalLocation", {}).get("artifactLocation", {}).get("uri")
               for place in found.get("locations", [])):
        yield "code-scanning services refuse a result without a file"
    calls = [step["location"] for step in objects(found.get("codeFlows", []), "locations")]
    frames = [frame["location"] for frame in objects(found.get("stacks", []), "frames")]
    if calls != frames[::-1]:
        yield "3.44.3: a stack does not begin with the latest call"


def graph(found):
    nodes = [node["id"] for node in found["nodes"]]
    if repeated(nodes) or repeated(edge["id"] for edge in found["edges"]):
        yield "3.40.2, 3.41.2: an id of a graph is not unique"
    ends = {edge[end] for edge in found["edges"] for end in ("sourceNodeId", "targetNodeId")}
    for end in ends - set(nodes):
        yield f"3.41.4: an edge leads to {end}, which is no node"


def sarif(document):
    for run in document["runs"]:
        told = [run["results"], run.get("graphs", [])]
        for found in objects(told, "address"):
            yield from address(run, found)
        known = run.get("logicalLocations", [])
        names = {location.get("fullyQualifiedName") for location in known}
        for found in objects(told, "logicalLocations"):
            yield from logical_location(known, names, found)
        for found in run["results"]:
            yield from result(run, found)
        for found in run.get("graphs", []):
            yield from graph(found)
        prints = [found["partialFingerprints"]["etwitness/v1"] for found in run["results"]]
        if repeated(prints):
            yield "two results have one fingerprint"
        if len(run["results"]) > 25000:
            yield "code-scanning services refuse more than 25,000 results"


# --- CycloneDX --------------------------------------------------------------------------------


def cyclonedx(document):
    references = [component["bom-ref"] for component in document["components"]]
    for reference in repeated(references):
        yield f"bom-ref is not unique: {reference}"
    for reference in references:
        if reference.startswith("urn:cdx:"):
            yield f"bom-ref looks like a link to another BOM: {reference}"
    for vulnerability in document.get("vulnerabilities", []):
        for affected in vulnerability["affects"]:
            if affected["ref"] not in references:
                yield f"{vulnerability['id']} affects {affected['ref']}, which is no component"
        if vulnerability["analysis"]["state"] != "in_triage":
            yield f"{vulnerability['id']} is judged"
    for component in document["components"]:
        if not component.get("purl", "pkg:").startswith("pkg:"):
            yield f"{component['purl']} is no package URL"
    if not re.fullmatch(r"urn:uuid:.{14}8.{4}[89ab].*", document["serialNumber"]):
        yield "serialNumber is no UUID of version 8"
    if not document["metadata"]["timestamp"].endswith("Z"):
        yield "timestamp is not in UTC"


# --- speedscope -------------------------------------------------------------------------------


def speedscope(document):
    frames = len(document["shared"]["frames"])
    for profile in document["profiles"]:
        if len(profile["samples"]) != len(profile["weights"]):
            yield "samples and weights differ in number"
        if any(frame >= frames for sample in profile["samples"] for frame in sample):
            yield "a sample has a frame that is not shared"
        if profile["endValue"] - profile["startValue"] != sum(profile["weights"]):
            yield "the weights are not the profile's length"


# --- stella.callgraph.v1 ----------------------------------------------------------------------


def stella_callgraph(document):
    nodes = [node["id"] for node in document["nodes"]]
    edges = [(edge["sourceId"], edge["targetId"]) for edge in document["edges"]]
    entries = document["entrypoints"]
    # Ids are in the order of their bytes, which that of code points is.
    if nodes != sorted(set(nodes)) or edges != sorted(set(edges)):
        yield "nodes or edges are not in order, or not unique"
    ends = {end for edge in edges for end in edge} | {entry["nodeId"] for entry in entries}
    for end in ends - set(nodes):
        yield f"{end} is referred to, and is no node"
    if [entry["order"] for entry in entries] != list(range(len(entries))):
        yield "entry points are not in their order"
    rest = {key: value for key, value in document.items() if key != "graphHash"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if document["graphHash"] != "sha256:" + hashlib.sha256(text.encode()).hexdigest():
        yield "graphHash is not that of the rest"


CHECKS = {
    "cyclonedx-1.6": cyclonedx,
    "cyclonedx-1.7": cyclonedx,
    "sarif": sarif,
    "speedscope": speedscope,
    "stella-callgraph": stella_callgraph,
}
