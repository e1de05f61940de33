"""Reads a Dockerfile, as far as ours goes, and carries its stages out in a folder of this machine.

This is no container engine: the base image is this machine, packages are looked for and not installed, and nothing is kept from
the rest of the machine. An instruction or a form of one that is not known here is an error."""

import dataclasses
import fnmatch
import json
import os
import pathlib
import shutil
import subprocess


@dataclasses.dataclass
class Stage:
    base: str
    name: str
    steps: list  # (instruction, what stands behind it)


def read(path):
    stages, text = [], path.read_text().replace("\\\n", " ")
    for line in text.split("\n"):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        word, rest = line.split(maxsplit=1)
        if word == "FROM":
            base, *name = rest.split()
            assert not name or name[0] == "AS", line
            stages.append(Stage(base, name[1] if name else "", []))
        else:
            assert word in ("WORKDIR", "COPY", "RUN", "USER", "ENTRYPOINT", "CMD"), f"an instruction that the test does not know: {line}"
            stages[-1].steps.append((word, json.loads(rest) if rest.startswith("[") else rest))
    return stages


def context(root, into):
    """What a build would be sent: the files that git knows of, less what .dockerignore leaves out."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=root, capture_output=True, text=True, check=True).stdout.split("\n")
    rules = [rule for rule in (root / ".dockerignore").read_text().split("\n") if rule and not rule.startswith("#")]

    def ignored(path):
        parts, out = pathlib.PurePosixPath(path).parts, False
        above = ["/".join(parts[: n + 1]) for n in range(len(parts))]
        for rule in rules:
            pattern = rule.removeprefix("!").removeprefix("**/")
            names = parts if "**/" in rule else above
            if any(fnmatch.fnmatchcase(name, pattern) for name in names):
                out = not rule.startswith("!")
        return out

    for path in filter(None, listed):
        if not ignored(path) and (root / path).is_file():
            (into / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / path, into / path)


class Machine:
    """A stage's file system: `folder` stands for its root."""

    def __init__(self, folder, commands):
        self.folder, self.commands = folder, commands  # commands: a folder that is first on the PATH
        self.workdir = pathlib.PurePosixPath("/")
        folder.mkdir()

    def place(self, path):
        return self.folder / str(self.workdir / path).lstrip("/")

    def workdir_is(self, path):
        self.workdir /= path
        self.place(".").mkdir(parents=True, exist_ok=True)

    def copy(self, arguments, source_root):
        *sources, target = arguments.split()
        for source in sources:
            origin = source_root / source.lstrip("/")
            assert origin.exists(), f"COPY {arguments}: {source} is not there"
            if origin.is_dir():
                # As an engine does: what is in it, links as links.
                shutil.copytree(origin, self.place(target), symlinks=True, dirs_exist_ok=True)
            else:
                into = self.place(target) / origin.name if target.endswith("/") or target == "." else self.place(target)
                into.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(origin, into)

    def run(self, command):
        env = os.environ | {"PATH": f"{self.commands}:{os.environ['PATH']}"}
        done = subprocess.run(["sh", "-c", command], cwd=self.place("."), env=env, capture_output=True, text=True, timeout=1800, check=False)
        assert done.returncode == 0, f"RUN {command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
