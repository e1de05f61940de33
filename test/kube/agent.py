"""`podpass agent` on a node of the rig."""

import podpass_server
from podpass_server import REGION
from processes import Process, eventually


class Agent:
    def __init__(self, directory, node, server, cluster_name, env, *flags):
        """`env` has what it proves by who it is."""
        self._directory = directory
        self._node = node
        self._env = env | {"NODE_NAME": node.name}
        self._command = [podpass_server.BINARY, "agent", "--init", "--cluster-name", cluster_name, "--endpoint", server.endpoint,
                         "--region", REGION, *flags]
        self._process = None

    @staticmethod
    def init_only():
        return [podpass_server.BINARY, "agent", "--init-only"]

    def start(self):
        self._process = Process(f"{self._node.name}.agent", self._directory, self._node.within(*self._command), self._env)

        def ready():
            assert self._process.running(), self.log_text()
            return self._node.call("curl", "-sf", "http://localhost:2703/readyz", check=False).returncode == 0

        eventually(ready)
        return self

    def stop(self):
        assert self._process.stop() == 0, self.log_text()

    def kill(self):
        if self._process:
            self._process.kill()

    def log_text(self):
        return self._process.log_text() if self._process else ""
