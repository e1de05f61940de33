"""docs/install.md: its steps that need no kubelet are run as they stand there, against a real API server and `podpass serve`.

The server runs beside the API server here, where the page has it in the cluster and a port-forward to it; so its certificate is
made by the page's own step, before it starts. What is not marked as tested there needs nodes, or a container engine.
"""

import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.request

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
        with_installed_parts(shell, own_cluster)
    finally:
        server.stop()


def with_installed_parts(shell, cluster):
    """Webhook and agent run as they are deployed: with the flags, settings, tokens and RBAC that their pods have."""
    webhook = Part(shell, cluster, "Deployment", "--port", "--metrics-port")
    agent = Part(shell, cluster, "DaemonSet", "--port", "--probe-port", "--metrics-port", more=["--bind-hosts", "127.0.0.1"])
    try:
        eventually(lambda: webhook.is_ready("--metrics-port"), 60)
        eventually(lambda: agent.is_ready("--probe-port"), 60)
    finally:
        for part in (webhook, agent):
            part.process.stop()
            print(part.process.log_text())
    path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/podpass-webhook"
    bundles = {hook["clientConfig"]["caBundle"] for hook in cluster.call("GET", path)["webhooks"]}
    assert len(bundles) == 1 and base64.b64decode(bundles.pop()).startswith(b"-----BEGIN CERTIFICATE-----")
    secret = cluster.call("GET", "/api/v1/namespaces/podpass-system/secrets/podpass-webhook-tls")["data"]
    assert {"tls.crt", "tls.key", "ca.crt", "ca.key"} <= set(secret)
    for part in (webhook, agent):
        assert not re.search(r"\b403\b|Forbidden", part.process.log_text()), part.process.log_text()


class Part:
    """The program as the first container of a workload has it, but for ports and for how the API server is found."""

    def __init__(self, shell, cluster, kind, *ports, more=()):
        thing, spec = next((thing, spec) for thing, spec, _ in manifests.pods(manifests.kustomize("overlays/kind")) if thing["kind"] == kind)
        container, namespace = spec["containers"][0], thing["metadata"]["namespace"]
        account = spec["serviceAccountName"]
        settings = cluster.call("GET", f"/api/v1/namespaces/{namespace}/configmaps/{container['envFrom'][0]['configMapRef']['name']}")["data"]
        token = shell.folder / f"{account}.token"
        token.write_text(cluster.token(namespace, account, audience=kubernetes.STS_AUDIENCE, seconds=3600))
        env = {"PATH": shell.env["PATH"], "NODE_NAME": "node-1", **settings, "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
               "AWS_ENDPOINT_URL": shell.env["AWS_ENDPOINT_URL"]}
        words = [re.sub(r"\$\((\w+)\)", lambda match: env[match.group(1)], word) for word in container["args"]]
        words = [word.replace("/etc/podpass/ca/ca.crt", shell.env["AWS_CA_BUNDLE"]) for word in words]
        self.ports = dict(zip(ports, podpass_server.free_ports(len(ports))))
        words = [word for word in words if word.split("=")[0] not in ports] + [f"{flag}={port}" for flag, port in self.ports.items()] + [*more]
        if kind == "Deployment":
            kubeconfig = cluster.token_kubeconfig(account, cluster.token(namespace, account, audience=cluster.issuer))
            words += ["--kubeconfig", str(kubeconfig)]
        else:
            words.remove("--events")  # finds the API server by its pod's files only
        self.process = Process(account, shell.folder, [podpass_server.BINARY, *words], env=env)

    def is_ready(self, port):
        assert self.process.running(), self.process.log_text()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[port]}/readyz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False
