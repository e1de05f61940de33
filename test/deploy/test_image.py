"""The image, without a container engine: the Dockerfile's stages are carried out in folders (dockerfile.py says what that
leaves unproven), and what would be the image then runs with its own files only."""

import os
import pathlib
import subprocess

import dockerfile
import pytest
from manifests import ROOT, helm, kustomize, pods

UID = 65532


@pytest.fixture(scope="module")
def stages():
    return dockerfile.read(ROOT / "Dockerfile")


@pytest.fixture(scope="module")
def image(stages, tmp_path_factory):
    """The folder that the last stage is, and the packages that were asked for on the way."""
    work = tmp_path_factory.mktemp("image")
    (work / "context").mkdir()
    dockerfile.context(ROOT, work / "context")
    commands = work / "commands"
    commands.mkdir()
    (commands / "apt-get").write_text(f'#!/bin/sh\necho "$@" >>{work}/apt-get\n')
    (commands / "apt-get").chmod(0o755)
    machines = {}
    for number, stage in enumerate(stages):
        machine = machines[stage.name] = dockerfile.Machine(work / f"stage{number}", commands)
        for instruction, rest in stage.steps:
            if instruction == "WORKDIR":
                machine.workdir_is(rest)
            elif instruction == "RUN":
                machine.run(rest)
            elif instruction == "COPY" and rest.startswith("--from="):
                name, rest = rest.removeprefix("--from=").split(maxsplit=1)
                machine.copy(rest, machines[name].folder)
            elif instruction == "COPY":
                machine.copy(rest, work / "context")
    asked = {word for line in (work / "apt-get").read_text().split("\n") if line.startswith("install")
             for word in line.split()[1:] if not word.startswith("-")}
    return machines[stages[-1].name].folder, asked


def last(stages, instruction):
    return [rest for word, rest in stages[-1].steps if word == instruction]


def files(folder):
    return {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}


def test_the_packages_that_the_build_installs_exist(image):
    for package in image[1]:
        told = subprocess.run(["dpkg-query", "-W", "-f=${db:Status-Status}", package], capture_output=True, text=True, check=False)
        assert told.stdout == "installed", f"{package} is not on this machine, so that the test proved nothing of it"


def test_the_image_runs_with_its_own_files_only(image, stages):
    entry, command, user = last(stages, "ENTRYPOINT")[0], last(stages, "CMD")[0], last(stages, "USER")[0]
    assert user == f"{UID}:{UID}" and command == ["--help"]
    root = ["chroot", f"--userspec={user}", str(image[0])]
    if os.geteuid() != 0:
        root = ["unshare", "--map-root-user", "chroot", str(image[0])]
    env = {"PATH": "/usr/sbin:/usr/bin"}
    told = subprocess.run([*root, *entry, *command], env=env, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    for name in ("serve", "webhook", "agent"):
        assert name in told.stdout
        assert subprocess.run([*root, *entry, name, "--help"], env=env, capture_output=True, check=False).returncode == 0


def test_there_is_nothing_in_it_but_the_program_and_what_it_loads(image):
    for name, path in files(image[0]).items():
        resolved = path if not path.is_symlink() else pathlib.Path(os.path.realpath(path))
        assert name.startswith(("usr/lib", "usr/share/doc/", "var/lib/dpkg/status.d/", "etc/", "lib")) or name == "usr/bin/podpass", name
        if name.startswith("usr/lib/") and "/ssl/" not in name:
            assert ".so" in name, name
        if not path.is_symlink():
            assert not os.access(resolved, os.W_OK) or resolved.stat().st_mode & 0o022 == 0, f"{name} may be written by others"
            assert resolved.stat().st_mode & 0o6000 == 0, f"{name} changes the user"
    assert not [name for name in files(image[0]) if name.split("/")[-1] in ("sh", "bash", "busybox", "apt-get", "dpkg")]
    assert sum(path.lstat().st_size for path in files(image[0]).values()) < 60_000_000


def test_every_library_has_its_package_and_its_licence(image):
    packages = {path.name for path in (image[0] / "var/lib/dpkg/status.d").iterdir()}
    assert {"libc6", "libssl3", "libsqlite3-0", "ca-certificates"} <= packages
    for package in packages:
        assert (image[0] / "usr/share/doc" / package / "copyright").stat().st_size > 0
        assert f"Package: {package}\n" in (image[0] / "var/lib/dpkg/status.d" / package).read_text()
    assert (image[0] / "usr/share/doc/podpass/LICENSE").exists()


def test_the_public_authorities_are_where_openssl_looks(image):
    link = image[0] / "usr/lib/ssl/cert.pem"
    assert os.readlink(link) == "/etc/ssl/certs/ca-certificates.crt"
    assert (image[0] / "etc/ssl/certs/ca-certificates.crt").read_text().count("BEGIN CERTIFICATE") > 50


def test_the_manifests_run_it_as_the_user_it_is_made_for():
    for things in (kustomize("base"), helm()):
        users = {thing["metadata"]["name"]: spec["securityContext"]["runAsUser"] for thing, spec, _ in pods(things)}
        assert users == {"podpass": UID, "podpass-webhook": UID, "podpass-agent": 0}
