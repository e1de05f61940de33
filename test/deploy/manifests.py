"""Builds what deploy/ describes, with the real kubectl and helm, and makes it comparable."""

import copy
import os
import pathlib
import re
import shutil
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
KUSTOMIZE = ROOT / "deploy/kustomize"
CHART = ROOT / "deploy/helm/podpass"
BUILDS = ["base", "overlays/kind", "overlays/production", "overlays/agent-and-webhook-only"]


def program(name):
    """The pinned one that scripts/setup unpacked, else the one on the PATH."""
    pinned = ROOT / "build/clients/bin" / name
    found = str(pinned) if pinned.exists() else shutil.which(name)
    assert found, f"{name} is neither in build/clients/bin nor on the PATH: run scripts/setup test"
    return found


def podpass():
    found = pathlib.Path(os.environ.get("PODPASS_BINARY", ROOT / "build/release/podpass"))
    assert found.exists(), f"{found} is not built"
    return str(found)


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)


def read(text):
    return [thing for thing in yaml.safe_load_all(text) if thing]


def kustomize(build):
    told = run(program("kubectl"), "kustomize", str(KUSTOMIZE / build))
    assert told.returncode == 0, told.stderr
    return read(told.stdout)


def helm_template(*arguments, namespace="podpass-system"):
    return run(program("helm"), "template", "podpass", str(CHART), "--namespace", namespace, *arguments)


def helm(*arguments, **options):
    told = helm_template(*arguments, **options)
    assert told.returncode == 0, told.stderr
    return read(told.stdout)


def helm_notes(folder, *arguments):
    """What `helm install` says in the end, without a cluster: a copy of the chart has it in a ConfigMap."""
    chart = folder / "podpass"
    shutil.copytree(CHART, chart, dirs_exist_ok=True)
    (chart / "templates/notes.yaml").write_text(
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: notes}\ndata:\n'
        '  notes: {{ include (print .Template.BasePath "/NOTES.txt") . | toJson }}\n')
    told = run(program("helm"), "template", "podpass", str(chart), "--namespace", "podpass-system", "--show-only", "templates/notes.yaml", *arguments)
    assert told.returncode == 0, told.stderr
    return read(told.stdout)[0]["data"]["notes"]


def key(thing):
    return thing["kind"], thing["metadata"].get("namespace", ""), thing["metadata"]["name"]


def by_key(things):
    found = {key(thing): thing for thing in things}
    assert len(found) == len(things), "two objects have one name"
    return found


def without_hashes(things):
    """Kustomize adds a hash to a generated ConfigMap's name, so that pods start anew when it changes."""
    names = {name for kind, _, name in map(key, things) if kind == "ConfigMap" and re.search(r"-settings-[a-z0-9]{10}$", name)}

    def plain(value):
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        if isinstance(value, list):
            return [plain(v) for v in value]
        return value.rsplit("-", 1)[0] if isinstance(value, str) and value in names else value

    return plain(things)


def without_checksums(things):
    """The chart has an annotation for what the hash is for."""
    things = copy.deepcopy(things)
    for thing in things:
        template = thing.get("spec", {}).get("template", {}) if thing["kind"] != "ConfigMap" else {}
        annotations = template.get("metadata", {}).get("annotations", {})
        if annotations.pop("checksum/settings", None) and not annotations:
            del template["metadata"]["annotations"]
    return things


def pods(things):
    """(object, pod spec, labels of its pods) of everything that makes pods."""
    for thing in things:
        if thing["kind"] in ("Deployment", "StatefulSet", "DaemonSet"):
            template = thing["spec"]["template"]
            yield thing, template["spec"], template["metadata"]["labels"]
