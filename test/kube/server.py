"""A Podpass server that real clusters are registered with, and what runs in a cluster proves to it."""

import json

import cluster as kubernetes
import podpass_server


class Server(podpass_server.Podpass):
    """`podpass up`, which keeps its ports over a restart."""

    def __init__(self, directory, *flags):
        super().__init__(directory, *flags)
        self.ports = podpass_server.free_ports(2)

    def command(self, *words, check=True, **more):
        """A podpass command as an administrator types it who has sourced `podpass env`."""
        return self.run([podpass_server.BINARY, *words], self.root_env(), check, **more)

    def command_json(self, *words):
        return json.loads(self.command(*words).stdout)

    def register(self, name, cluster, *flags):
        """Registers a control plane, with a token of its own to read the keys with; what the command says."""
        return self.command_json("cluster", "register", name, "--kubeconfig", cluster.kubeconfig(), "--server-token-file",
                                 cluster.server_token_file(), "--json", *flags)


def web_identity(server, cluster, role_arn, service_account, name="1"):
    """The environment of a part of Podpass that runs in the cluster: a role, and a token as the kubelet projects it."""
    namespace = kubernetes.AGENTS if service_account == "podpass-agent" else kubernetes.SYSTEM
    cluster.system_account(service_account, namespace)
    token_file = cluster.directory / f"{service_account}-{name}.token"
    token_file.write_text(cluster.token(namespace, service_account, audience=kubernetes.STS_AUDIENCE))
    return server.bare_env(AWS_ROLE_ARN=role_arn, AWS_WEB_IDENTITY_TOKEN_FILE=str(token_file))
