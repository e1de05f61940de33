"""The rig's nodes and pods."""

import node as nodes
from podpass_server import BIN
from processes import Process, eventually

PORT = 8080


def test_a_pod_reaches_node_and_host_and_has_its_token(cluster, namespace, tmp_path):
    volume = {"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "it", "audience": "a", "expirationSeconds": 3600}}]}}
    container = {"name": "app", "image": "app", "env": [{"name": "HELLO", "value": "there"}],
                 "volumeMounts": [{"name": "token", "mountPath": "/var/run/secrets/example.com"}]}
    admitted = cluster.pod(namespace, "web", "sa", containers=[container], volumes=[volume])
    with nodes.Namespace(tmp_path, "node") as node, nodes.Pod(tmp_path, node, cluster, admitted) as pod:
        assert pod.run("sh", "-c", "echo $HELLO").stdout == "there\n"
        assert cluster.review(pod.run("cat", "/var/run/secrets/example.com/it").stdout, "a")["authenticated"] is True
        assert pod.run("cat", "/var/run/secrets/kubernetes.io/serviceaccount/token").stdout.count(".") == 2
        assert node.call("ls", "/var/run/secrets/example.com", check=False).returncode != 0

        node.call("ip", "address", "add", "169.254.170.23/32", "dev", "lo")
        command = [BIN / "python", "-m", "http.server", PORT, "--directory", tmp_path, "--bind"]
        (tmp_path / "hello").write_text("from here")
        on_node = Process("on-node", tmp_path, node.within(*command, "169.254.170.23"))
        on_host = Process("on-host", tmp_path, [*command, node.gateway])
        try:
            for address in ("169.254.170.23", node.gateway):
                answer = eventually(lambda: pod.run("curl", "-sf", f"http://{address}:{PORT}/hello", check=False).stdout)  # noqa: B023
                assert answer == "from here"
        finally:
            on_node.kill()
            on_host.kill()
