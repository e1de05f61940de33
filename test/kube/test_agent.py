"""From the pod's SDK to the object: agent, webhook, control plane and server together, as on a real node.

The server is on the host, at the address that the node's link leads to. The pod is what the API server has after the
webhook; its environment is used as it stands there and its tokens are those that its volumes ask for.
"""

import json

import agent as agents
import certificates
import node as nodes
import pytest
import webhook as webhooks
from podpass_server import ACCOUNT, BIN, CLIENTS, REGION, allow, trust
from processes import eventually
from server import web_identity
from world import World

BODY = "echo configured\n"


class Stack:
    """Everything, with one node."""

    def __init__(self, directory, node, cluster, server):
        self.directory, self.node, self.cluster, self.server = directory, node, cluster, server
        self.registration = server.register("onprem", cluster)
        self.name = "onprem"
        self.world = World(server, "stack")
        authority = certificates.Authority(directory / "pki")
        certificate, key = authority.issue("webhook", "webhook", hosts=["127.0.0.1"])
        webhook_env = web_identity(server, cluster, self.registration["webhookRoleArn"], "podpass-webhook", "stack")
        self.webhook = webhooks.Webhook(directory, "stack", webhook_env, "--cluster-name", self.name, "--endpoint", server.endpoint,
                                        "--kubeconfig", cluster.kubeconfig(), "--tls-cert", certificate, "--tls-key", key,
                                        "--aws-default-region", REGION).start()
        webhooks.install(cluster, self.webhook, webhooks.by_url(self.webhook, authority.ca))
        agent_env = web_identity(server, cluster, self.registration["nodeRoleArn"], "podpass-agent", "stack")
        self.agent = agents.Agent(directory, node, server, self.name, agent_env).start()
        self.bucket = self.world.bucket(**{"bootstrap.sh": BODY.encode()})
        self.role = self.world.role(policy=allow("s3:GetObject", f"arn:aws:s3:::{self.bucket}/*"))

    def pod(self, name, service_account):
        """An admitted pod of the namespace that the webhook sees, put on the node."""
        container = {"name": "app", "image": "app", "env": [{"name": "AWS_ENDPOINT_URL", "value": self.server.endpoint}]}
        return nodes.Pod(self.directory, self.node, self.cluster,
                         self.cluster.pod(self.webhook.name, name, service_account, containers=[container]))

    def associate(self, service_account, role=None):
        self.cluster.service_account(self.webhook.name, service_account)
        return self.world.associate(role or self.role, service_account, self.webhook.name, self.name)

    def log_text(self):
        return f"--- agent\n{self.agent.log_text()[-2500:]}\n--- webhook\n{self.webhook.log_text()[-2500:]}"

    def end(self):
        self.agent.kill()
        self.webhook.kill()


@pytest.fixture(scope="module")
def stack(cluster, make_server, tmp_path_factory):
    directory = tmp_path_factory.mktemp("stack")
    with nodes.Namespace(directory, "node-1") as node:
        made = Stack(directory, node, cluster, make_server("--address", node.gateway))
        yield made
        made.end()


@pytest.fixture(scope="module")
def pod(stack):
    stack.associate("my-service-account")
    with stack.pod("web-7d4b9c-x2x8k", "my-service-account") as made:
        yield made


def agent_says(pod):
    """(status, body) of the agent, asked as an SDK asks it."""
    script = ('curl -s -w "\\n%{http_code}" -H "Authorization: $(cat "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")" '
              '"$AWS_CONTAINER_CREDENTIALS_FULL_URI"')
    body, _, status = pod.run("sh", "-c", script).stdout.rpartition("\n")
    return int(status), body


def test_boto3(stack, pod):
    said = json.loads(pod.run(BIN / "python", CLIENTS / "read_object.py", stack.bucket, "bootstrap.sh").stdout)
    assert said["body"] == BODY and said["method"] == "container-role"
    assert "/eks-onprem-web-7d4b9c-" in said["arn"]


def test_aws_cli(stack, pod):
    assert pod.run(BIN / "aws", "s3", "cp", f"s3://{stack.bucket}/bootstrap.sh", "-").stdout == BODY


def test_sdk_for_javascript(stack, pod):
    said = json.loads(pod.run("node", CLIENTS / "read_object.cjs", stack.bucket, "bootstrap.sh").stdout)
    assert said.get("body") == BODY, said


def test_the_node_signs_with_its_own_token(stack, pod):
    """No long-lived key is on the node: the caller of the exchange is a session of the node's role, named after the node."""
    assert agent_says(pod)[0] == 200
    records = [json.loads(line) for line in (stack.server.data_dir / "audit.jsonl").read_text().splitlines()]
    exchanges = [record for record in records if record["eventName"] == "AssumeRoleForPodIdentity"]
    assert exchanges
    assert {record["userIdentity"]["arn"] for record in exchanges} == {f"arn:aws:sts::{ACCOUNT}:assumed-role/podpass-node-onprem/node-1"}


def test_a_role_in_annotations(stack):
    """IAM roles for service accounts: the same pod, the same object, without the agent."""
    provider = stack.registration["oidcProviderArn"]
    subject = f"system:serviceaccount:{stack.webhook.name}:irsa"
    host = stack.cluster.issuer.removeprefix("https://")
    role = stack.world.role(trust(Principal={"Federated": provider}, Action="sts:AssumeRoleWithWebIdentity",
                                  Condition={"StringEquals": {f"{host}:sub": subject, f"{host}:aud": "sts.amazonaws.com"}}),
                            allow("s3:GetObject", f"arn:aws:s3:::{stack.bucket}/*"))
    stack.cluster.service_account(stack.webhook.name, "irsa", {"eks.amazonaws.com/role-arn": role})
    with stack.pod("irsa", "irsa") as pod:
        said = json.loads(pod.run(BIN / "python", CLIENTS / "read_object.py", stack.bucket, "bootstrap.sh").stdout)
        assert said["body"] == BODY and said["method"] == "assume-role-with-web-identity"
        assert pod.run(BIN / "aws", "s3", "cp", f"s3://{stack.bucket}/bootstrap.sh", "-").stdout == BODY
        assert json.loads(pod.run("node", CLIENTS / "read_object.cjs", stack.bucket, "bootstrap.sh").stdout).get("body") == BODY


def test_init_again_changes_nothing(stack):
    def link():
        return [stack.node.call("ip", *words, "show", "dev", "pod-id-link0").stdout for words in (["address"], ["route"], ["-6", "route"])]

    before = link()
    assert "inet 169.254.170.23/32" in before[0] and "169.254.170.23" in before[1]
    stack.node.call(*agents.Agent.init_only())
    assert link() == before


def test_the_address_of_ipv6(stack, pod):
    if "fd00:ec2::23" not in stack.node.call("ip", "-6", "address").stdout:
        assert stack.node.call("cat", "/proc/sys/net/ipv6/conf/all/disable_ipv6", check=False).stdout != "0\n"
        return
    answer = stack.node.call("curl", "-s", "http://[fd00:ec2::23]/v1/credentials").stdout
    assert answer == "Service account token cannot be empty\n"


def test_an_association_that_changes(stack):
    """A pod notices within five seconds that its association is gone, or has another role."""
    association = stack.associate("changing")["associationId"]
    with stack.pod("changing", "changing") as pod:
        assert agent_says(pod)[0] == 200
        eks = stack.server.client("eks")
        other = stack.world.role()
        eks.update_pod_identity_association(clusterName=stack.name, associationId=association, roleArn=other)
        arn = f"assumed-role/{other.split('/')[-1]}/"
        eventually(lambda: arn in pod.run(BIN / "aws", "sts", "get-caller-identity").stdout, seconds=5)
        eks.delete_pod_identity_association(clusterName=stack.name, associationId=association)
        eventually(lambda: agent_says(pod)[0] == 404, seconds=5)


def test_agent_and_server_restart(stack, pod):
    """Credentials that a pod has had come on while the server is away; a new agent needs it."""
    assert agent_says(pod)[0] == 200
    assert stack.server.stop() == 0
    assert agent_says(pod)[0] == 200
    stack.agent.stop()
    stack.server.start()
    stack.agent.start()
    assert agent_says(pod)[0] == 200
