"""scripts/setup on machines that are made of shell stubs: what it installs, what it leaves alone, how it fails."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# A distribution: $OFFERED and $INSTALLED are lists of package names; what is called is noted in $CALLS.
STUBS = {
    "dpkg-query": 'for last; do :; done; case " $INSTALLED " in *" $last "*) echo -n installed ;; *) exit 1 ;; esac',
    "apt-cache": 'case " $OFFERED " in *" $2 "*) ;; *) exit 100 ;; esac',
    "apt-get": 'echo "apt-get $*" >>"$CALLS"; exit "${APT_EXIT:-0}"',
    "sudo": 'echo sudo >>"$CALLS"; while [ "${1#-}" != "$1" ]; do shift; done; exec "$@"',
    "npm": 'exit "${NPM_EXIT:-0}"',
    "id": 'echo "$UID_STUB"',
}
# The programs that scripts/setup itself needs, and nothing else that this machine may have.
NEEDED = ["bash", "sh", "env", "dirname", "cat", "echo", "mkdir", "rm", "cp", "sha256sum", "cut"]


@pytest.fixture
def machine(tmp_path):
    (tmp_path / "scripts").mkdir()
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / "scripts" / "setup", tmp_path / "scripts" / "setup")
    shutil.copy(ROOT / "packages.txt", tmp_path / "packages.txt")
    (tmp_path / "console").mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ROOT / "console" / name, tmp_path / "console" / name)
    for name in NEEDED:
        (tmp_path / "bin" / name).symlink_to(shutil.which(name))
    for name, text in STUBS.items():
        stub = tmp_path / "bin" / name
        stub.write_text(f"#!/bin/sh\n{text}\n")
        stub.chmod(0o755)

    def run(section="build", installed="", offered="", user=0, without=(), **env):
        for name in without:
            (tmp_path / "bin" / name).unlink()
        calls = tmp_path / "calls"
        calls.write_text("")
        done = subprocess.run([tmp_path / "scripts" / "setup", *([section] if section else [])], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              env={"PATH": str(tmp_path / "bin"), "INSTALLED": installed, "OFFERED": offered, "UID_STUB": str(user), "CALLS": str(calls), **env})
        return done, calls.read_text()

    return run


def packages(section):
    lines = [line.split("#")[0].split() for line in (ROOT / "packages.txt").read_text().splitlines()]
    return [line[1] for line in lines if line and line[0] == section]


def test_every_line_of_the_list_can_be_read():
    for line in (ROOT / "packages.txt").read_text().splitlines():
        line = line.split("#")[0].strip()
        assert not line or re.fullmatch(r"(build|test|bench) +[a-z0-9.+|-]+( +command=[a-z0-9-]+)?", line), line


def test_nothing_is_done_when_nothing_is_missing(machine):
    installed = " ".join(packages("build")).replace("|", " ")
    done, calls = machine(installed=installed)
    assert (done.returncode, done.stdout, calls) == (0, "setup: build/console: what the console is built from\n", "")
    done, calls = machine(installed=installed)
    assert (done.returncode, done.stdout, calls) == (0, "", "")


def test_what_npm_does_not_install_is_tried_again(machine):
    installed = " ".join(packages("build")).replace("|", " ")
    for _ in range(2):
        done, _ = machine(installed=installed, NPM_EXIT="1")
        assert done.returncode == 1 and "npm could not install console/package-lock.json" in done.stderr


def test_a_bare_machine_gets_everything_once(machine):
    done, calls = machine(offered=" ".join(packages("build")).replace("|", " "))
    assert done.returncode == 0, done.stderr
    assert calls.count("apt-get") == 2 and "update" in calls.splitlines()[0]
    install = calls.splitlines()[1].split()
    wanted = {name.split("|")[0] for name in packages("build")} - {"npm"}  # which the machine has, as a stub
    assert wanted <= set(install) and "libboost1.83-dev" not in install


def test_a_newer_distribution_gets_its_own_version(machine):
    offered = " ".join(packages("build")).replace("|", " ").replace("libboost1.81-dev", "")
    done, calls = machine(offered=offered)
    assert done.returncode == 0 and "libboost1.83-dev" in calls and "libboost1.81-dev" not in calls


def test_a_program_is_as_good_as_its_package(machine, tmp_path):
    (tmp_path / "bin" / "ninja").symlink_to("/bin/true")
    installed = " ".join(name for name in packages("build") if name != "ninja-build").replace("|", " ")
    assert machine(installed=installed)[1] == ""


def test_sudo_is_used_only_by_others_than_root(machine):
    offered = " ".join(packages("build")).replace("|", " ")
    assert "sudo" not in machine(offered=offered)[1]
    assert "sudo" in machine(offered=offered, user=1000)[1]
    done, _ = machine(offered=offered, user=1000, without=["sudo"])
    assert done.returncode == 1 and "there is no sudo" in done.stderr and "build-essential" in done.stderr


def test_clear_failures(machine):
    done, calls = machine(offered="build-essential")
    assert done.returncode == 1 and "no package cmake here" in done.stderr and "install" not in calls
    done, _ = machine(offered=" ".join(packages("build")).replace("|", " "), APT_EXIT="100")
    assert done.returncode == 1 and "apt-get update failed" in done.stderr
    assert machine(section="")[0].returncode == 2 and machine(section="everything")[0].returncode == 2
    done, _ = machine(without=["apt-get"])
    assert done.returncode == 1 and "not Debian or Ubuntu" in done.stderr
