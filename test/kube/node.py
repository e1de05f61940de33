"""Nodes and pods as network and file system see them: Linux namespaces, made by the test and gone with it. Needs root.

A node is a network namespace with one link to the host, over which it reaches the server. A pod is a network namespace
behind its node, which is its default route, and a mount namespace with the files that a kubelet would have put there.
What a kubelet does is little here: it asks for the tokens of the pod's projected volumes, bound to the pod, and runs a
command with a container's environment.
"""

import itertools
import os
import pathlib
import shlex
import subprocess

import podpass_server
import pytest
from podpass_server import COMMAND_SECONDS
from processes import Process, eventually

_links = itertools.count(0)


def run(*command, check=True, **more):
    command = [str(word) for word in command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False, **more)
    if check:
        assert done.returncode == 0, f"{shlex.join(command)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


class Namespace:
    """A network and a mount namespace. They live as long as the process that holds them."""

    def __init__(self, directory, name, uplink=None):
        """`uplink`: the namespace that all its traffic goes through; None: the host, and only the host is reached."""
        if os.geteuid() != 0:
            pytest.skip("needs root: nodes and pods are Linux namespaces")
        self.directory = pathlib.Path(directory)
        self.name = name
        self._holder = Process(f"{name}.namespace", directory, ["unshare", "--net", "--mount", "sh", "-c", "echo made; exec sleep infinity"])
        eventually(lambda: "made" in self._holder.log_text())
        self.call("ip", "link", "set", "lo", "up")
        self._connect(uplink)

    def _connect(self, uplink):
        number = next(_links)
        prefix = f"10.255.{number // 64}."
        self.address, self.gateway = f"{prefix}{number % 64 * 4 + 2}", f"{prefix}{number % 64 * 4 + 1}"
        outside = uplink.call if uplink else run
        peer = f"podpass{number}"
        outside("ip", "link", "add", peer, "type", "veth", "peer", "name", "eth0", "netns", self._holder.pid)
        outside("ip", "address", "add", f"{self.gateway}/30", "dev", peer)
        outside("ip", "link", "set", peer, "up")
        self.call("ip", "address", "add", f"{self.address}/30", "dev", "eth0")
        self.call("ip", "link", "set", "eth0", "up")
        if uplink:
            self.call("ip", "route", "add", "default", "via", self.gateway)
            uplink.call("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
            run("ip", "route", "add", f"{self.address}/32", "via", uplink.address)

    def within(self, *command):
        """The command line that runs a command inside."""
        return ["nsenter", "--target", str(self._holder.pid), "--net", "--mount", "--", *map(str, command)]

    def call(self, *command, check=True, **more):
        return run(*self.within(*command), check=check, **more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """What still runs inside is ended by those who started it."""
        self._holder.kill()


class Pod:
    """A pod that the API server has, put on a node."""

    def __init__(self, directory, node, cluster, pod):
        """`pod`: the object as it was admitted."""
        self.cluster = cluster
        self.pod = pod
        self.namespace = Namespace(directory, f"pod-{pod['metadata']['namespace']}-{pod['metadata']['name']}", node)
        self.namespace.call("mount", "-t", "tmpfs", "tmpfs", "/run")
        for container in pod["spec"]["containers"]:
            self._mount(container)

    def _mount(self, container):
        volumes = {volume["name"]: volume for volume in self.pod["spec"].get("volumes", [])}
        for mount in container.get("volumeMounts", []):
            for source in volumes[mount["name"]].get("projected", {}).get("sources", []):
                if wanted := source.get("serviceAccountToken"):
                    self.write(f"{mount['mountPath']}/{wanted['path']}", self.token(wanted))

    def token(self, wanted):
        """As the kubelet asks for it: no audience means the API server's own."""
        metadata, spec = self.pod["metadata"], self.pod["spec"]
        return self.cluster.token(metadata["namespace"], spec["serviceAccountName"], self.pod,
                                  wanted.get("audience", self.cluster.issuer), wanted["expirationSeconds"])

    def write(self, path, text):
        """A file that only this pod sees."""
        assert path.startswith(("/var/run/", "/run/")), f"{path} is not on the pod's own file system"
        self.namespace.call("sh", "-c", 'mkdir -p "$(dirname "$1")" && cat >"$1"', "sh", path, input=text)

    def environment(self, container=0):
        listed = self.pod["spec"]["containers"][container].get("env", [])
        return {variable["name"]: variable.get("value", "") for variable in listed}

    def run(self, *command, check=True, container=0, **more):
        """A command of the tests' machine as a process of the pod: nothing in its environment is from there but the PATH."""
        env = {"PATH": f"{podpass_server.BIN}:{os.environ['PATH']}", "HOME": "/run", "LANG": "C.UTF-8", "AWS_PAGER": "",
               "NODE_PATH": str(podpass_server.NODE_MODULES), **self.environment(container)}
        return self.namespace.call(*command, check=check, env=env, **more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.namespace.__exit__()
