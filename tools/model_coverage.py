#!/usr/bin/env python3
"""Compares the operations that Podpass serves with AWS's models, as botocore has them.

  tools/model_coverage.py [--binary build/podpass] [--operations FILE]

Needs a Python with botocore (build/venv). What Podpass serves is what `podpass operations --json` says of itself, so a shape
is compared as the program reads and writes it. A difference is: another API version or protocol, another method or path,
an operation that AWS does not have, a member that one side has and the other has not, another type, another place on the
wire than the one rule of docs/wire.md gives it, and another opinion on what an input must have.

Exempt, on purpose:
  - A list or map that AWS requires may be absent here: std::vector and std::map are empty then, and the handler refuses
    an empty one in words.
  - Labels of a path have other names in AWS's models (`{name}` for the member clusterName); they are compared by member.
    A label that takes slashes here (`{resourceArn+}`) need not there: AWS's clients escape them, people do not.
  - Which of an output's members AWS calls required.
  - The service `podpass`, which AWS does not have.
Operations that are not built are listed, and no difference. Exit code 1 when there is any difference.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

import botocore.loaders

ROOT = pathlib.Path(__file__).resolve().parent.parent
OWN_SERVICES = {"podpass"}
# AWS's types by ours. What is `any` with us fits none of AWS's.
TYPES = {"string": {"string"}, "boolean": {"boolean"}, "integer": {"integer", "long"}, "double": {"double", "float"},
         "timestamp": {"timestamp"}, "blob": {"blob"}, "list": {"list"}, "map": {"map"}, "structure": {"structure"}}
NOTHING = {"type": "structure", "members": {}}


class Comparison:
    """One service against its model. `differences` are lines for a person."""

    def __init__(self, service, ours, model):
        self.service = service
        self.ours = ours
        self.model = model
        self.shapes = model["shapes"]
        self.differences = []
        self.members = 0  # compared, for the summary

    @property
    def not_built(self):
        return sorted(set(self.model["operations"]) - set(self.ours["operations"]))

    def say(self, where, what):
        self.differences.append(f"{self.service}.{where}: {what}")

    def run(self):
        metadata = self.model["metadata"]
        if self.ours["version"] != metadata["apiVersion"]:
            self.say("version", f"{self.ours['version']} here, {metadata['apiVersion']} in the model")
        spoken = set(metadata.get("protocols", [])) | {metadata["protocol"]}
        if self.ours["protocol"] not in spoken:
            self.say("protocol", f"{self.ours['protocol']} here, {metadata['protocol']} in the model")
        for name, operation in sorted(self.ours["operations"].items()):
            if name not in self.model["operations"]:
                self.say(name, "AWS has no such operation")
            else:
                self.operation(name, operation, self.model["operations"][name])
        return self

    def operation(self, name, ours, theirs):
        input_shape = self.shapes[theirs["input"]["shape"]] if "input" in theirs else NOTHING
        if ours["method"] != theirs["http"]["method"]:
            self.say(name, f"{ours['method']} here, {theirs['http']['method']} in the model")
        path = named_by_member(theirs["http"]["requestUri"], input_shape)
        if comparable(ours["path"]) != comparable(path):
            self.say(name, f"path {ours['path']} here, {path} in the model")
        if "input" not in ours:  # S3 describes no shapes: its bindings are its own
            return
        self.structure(f"{name}.input", ours["input"], input_shape, is_input=True, above=())
        if self.ours["protocol"] == "rest-json":
            self.placement(name, ours, input_shape)
        output = self.shapes[theirs["output"]["shape"]] if "output" in theirs else NOTHING
        self.structure(f"{name}.output", ours["output"], output, is_input=False, above=())

    def placement(self, name, ours, shape):
        """The one rule: named in the path -> path; else GET and DELETE -> query string; else body."""
        labels = set(re.findall(r"\{(\w+)\+?\}", ours["path"]))
        for member, described in shape["members"].items():
            rule = "uri" if member in labels else "querystring" if ours["method"] in ("GET", "DELETE") else "body"
            if described.get("location", "body") != rule:
                self.say(f"{name}.input.{member}", f"in the {rule} here, in the {described.get('location', 'body')} in the model")

    def structure(self, where, ours, theirs, is_input, above):
        if ours["type"] != "structure":
            self.say(where, f"{ours['type']} here, structure in the model")
            return
        for member in sorted(set(ours["members"]) - set(theirs["members"])):
            self.say(f"{where}.{member}", "not in the model")
        for member in sorted(set(theirs["members"]) - set(ours["members"])):
            self.say(f"{where}.{member}", "missing here")
        required = set(theirs.get("required", []))
        for member, mine in ours["members"].items():
            if member not in theirs["members"]:
                continue
            self.members += 1
            described = theirs["members"][member]
            wire = described.get("locationName", member)
            if wire != member and described.get("location") != "uri":
                self.say(f"{where}.{member}", f"called {wire} on the wire in the model")
            if is_input and mine["type"] not in ("list", "map") and mine["required"] != (member in required):
                says = "required" if mine["required"] else "optional"
                self.say(f"{where}.{member}", f"{says} here, {'required' if member in required else 'optional'} in the model")
            self.shape(f"{where}.{member}", mine, described, is_input, above)

    def shape(self, where, ours, reference, is_input, above):
        name = reference["shape"]
        theirs = self.shapes[name]
        if theirs["type"] not in TYPES.get(ours["type"], set()):
            self.say(where, f"{ours['type']} here, {theirs['type']} in the model")
        elif theirs["type"] == "structure":
            if name in above:
                self.say(where, f"{name} holds itself, which a struct here cannot")
            else:
                self.structure(where, ours, theirs, is_input, (*above, name))
        elif theirs["type"] == "list":
            if theirs.get("flattened") or theirs["member"].get("locationName", "member") != "member":
                self.say(where, "a list of another wire form in the model")
            self.shape(f"{where}[]", ours["member"], theirs["member"], is_input, above)
        elif theirs["type"] == "map":
            if self.shapes[theirs["key"]["shape"]]["type"] != "string" or theirs.get("flattened"):
                self.say(where, "a map of another wire form in the model")
            self.shape(f"{where}{{}}", ours["value"], theirs["value"], is_input, above)
        elif theirs["type"] == "timestamp":
            usual = "unixTimestamp" if self.ours["protocol"] == "rest-json" else "iso8601"
            written = reference.get("timestampFormat", theirs.get("timestampFormat", usual))
            if written != usual:
                self.say(where, f"written as {usual} here, as {written} in the model")


def named_by_member(uri, input_shape):
    """A model's path with its labels called by the members that they take."""
    members = {described.get("locationName", name): name for name, described in input_shape["members"].items()
               if described.get("location") == "uri"}
    return re.sub(r"\{(\w+)(\+?)\}", lambda label: f"{{{members.get(label[1], label[1])}{label[2]}}}", uri)


def comparable(path):
    """Without what may differ: whether a label takes slashes, and the value of a parameter that names the operation."""
    path, _, query = path.replace("+}", "}").partition("?")
    names = sorted(pair.split("=")[0] for pair in query.split("&") if pair and not pair.startswith("x-id="))
    return path, names


def described_by(binary):
    done = subprocess.run([str(binary), "operations", "--json"], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def compare(services):
    """A Comparison for each of AWS's services among those described."""
    loader = botocore.loaders.Loader()
    return [Comparison(name, ours, loader.load_service_model(name, "service-2")).run()
            for name, ours in sorted(services.items()) if name not in OWN_SERVICES]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--binary", default=os.environ.get("PODPASS_BINARY", ROOT / "build" / "podpass"))
    parser.add_argument("--operations", help="a file with the output of `podpass operations --json`, instead of the program")
    arguments = parser.parse_args()
    services = json.loads(pathlib.Path(arguments.operations).read_text()) if arguments.operations else described_by(arguments.binary)
    comparisons = compare(services)
    for comparison in comparisons:
        missing = comparison.not_built
        print(f"{comparison.service}: {len(comparison.ours['operations'])} operations, {comparison.members} members compared, "
              f"{len(comparison.differences)} differences; {len(missing)} operations not built")
        if missing:
            print("  not built: " + " ".join(missing))
        for difference in comparison.differences:
            print("  DIFFERENT " + difference)
    return 1 if any(comparison.differences for comparison in comparisons) else 0


if __name__ == "__main__":
    sys.exit(main())
