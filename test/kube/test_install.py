"""docs/install.md: its steps that need no kubelet are run as they stand there, against a real API server and `podpass serve`.

The server runs beside the API server here, where the page has it in the cluster and a port-forward to it; so its certificate is
made by the page's own step, before it starts. What is not marked as tested there needs nodes, or a container engine.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import cluster as kubernetes
import podpass_server
import pytest
from processes import Process, eventually

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "deploy"))  # manifests: the pinned kubectl

import manifests  # noqa: E402


def steps():
    page = (manifests.ROOT / "docs/install.md").read_text()
    return re.findall(r"<!-- tested -->\n```sh\n(.*?)```", page, re.DOTALL)


class Shell:
    """A person's shell: each step begins in the same folder and environment."""

    def __init__(self, folder, kubeconfig):
        self.folder = folder
        programs = folder / "bin"
        programs.mkdir()
        for name, program in (("podpass", podpass_server.BINARY), ("kubectl", manifests.program("kubectl"))):
            (programs / name).symlink_to(pathlib.Path(program).resolve())
        aws = pathlib.Path(sys.executable).parent
        self.env = {"PATH": f"{programs}:{aws}:{os.environ['PATH']}", "HOME": str(folder), "KUBECONFIG": str(kubeconfig)}

    def run(self, commands, check=True):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", commands], cwd=self.folder, env=self.env, capture_output=True, text=True,
                              timeout=120, check=False)
        if check:
            assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
        return done


@pytest.fixture(scope="module")
def own_cluster(tmp_path_factory):
    """Of its own: what is installed here has a webhook that nobody answers for."""
    running = kubernetes.Cluster(tmp_path_factory.mktemp("install"))
    try:
        yield running.start()
    finally:
        running.stop()


def test_the_steps_of_the_page_install_podpass(own_cluster, tmp_path):
    shutil.copytree(manifests.ROOT / "deploy", tmp_path / "deploy")
    shell = Shell(tmp_path, own_cluster.kubeconfig())
    certificate, install, register, first_pod = steps()
    shell.run(certificate)
    shell.run(install)

    port, = podpass_server.free_ports(1)
    data = tmp_path / "data"
    server = Process("serve", tmp_path, [
        podpass_server.BINARY, "serve", "--port", port, "--data-dir", data, "--endpoint", f"https://localhost:{port}",
        "--tls-cert", tmp_path / "tls.crt", "--tls-key", tmp_path / "tls.key"])
    try:
        eventually(lambda: (data / "server.json").exists() or not server.running())
        assert server.running(), server.log_text()
        shell.env |= json.loads(shell.run(f"podpass env --data-dir {data} --json").stdout)
        shell.env |= {"AWS_ENDPOINT_URL": f"https://localhost:{port}", "AWS_CA_BUNDLE": str(tmp_path / "tls.crt")}
        registered = shell.run(register).stdout
        assert "podpass-node-my-cluster" in registered and "podpass-webhook-my-cluster" in registered
        shell.run(first_pod)
        the_roles_let_the_installed_accounts_in(shell, own_cluster)
    finally:
        server.stop()


def the_roles_let_the_installed_accounts_in(shell, cluster):
    """Agent and webhook sign in with the tokens that their pods are given, to the roles that their settings name."""
    for thing, spec, _ in manifests.pods(manifests.kustomize("overlays/kind")):
        namespace, name = thing["metadata"]["namespace"], spec["containers"][0]["envFrom"][0]["configMapRef"]["name"]
        settings = cluster.call("GET", f"/api/v1/namespaces/{namespace}/configmaps/{name}")["data"]
        if "AWS_ROLE_ARN" not in settings:
            continue
        token = cluster.token(namespace, spec["serviceAccountName"], audience="sts.amazonaws.com", seconds=3600)
        (shell.folder / "token").write_text(token)
        said = shell.run("env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY AWS_WEB_IDENTITY_TOKEN_FILE=$PWD/token "
                         f"AWS_ROLE_ARN={settings['AWS_ROLE_ARN']} aws sts get-caller-identity").stdout
        assert settings["AWS_ROLE_ARN"].split("/")[-1] in said
