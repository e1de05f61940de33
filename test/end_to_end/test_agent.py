"""`podpass agent` as a process of its own before a running Podpass, as on a node."""

import json
import os
import pathlib
import select
import signal
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from podpass_server import BINARY, CLUSTER, READY_SECONDS, REGION, TRUST, Podpass, free_ports

PATIENCE = 30  # for what takes a moment on a busy machine; what must be quick has a limit of its own


class Agent:
    def __init__(self, podpass, directory, variables, *flags):
        self.probe, self.metrics_port = free_ports(2)
        self.log = directory / "agent.log"
        self.command = [str(BINARY), "agent", "-c", CLUSTER, "-b", "127.0.0.1", "-p", "0", "--probe-port", str(self.probe),
                        "--metrics-port", str(self.metrics_port), "--metrics-address", "127.0.0.1", *flags]
        self.environment = {**podpass.bare_env(), "AWS_ENDPOINT_URL": podpass.ready["endpoint"], "AWS_REGION": REGION, **variables}

    def __enter__(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=log, env=self.environment)
        readable, _, _ = select.select([self.process.stdout], [], [], READY_SECONDS)
        line = self.process.stdout.readline().decode() if readable else ""
        assert line.startswith("The agent of cluster"), self.log.read_text()
        self.port = int(line.split()[-1].rstrip("."))
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0, self.log.read_text()
        self.process.stdout.close()

    def get(self, port, path, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def ask(self, token):
        return self.get(self.port, "/v1/credentials", Authorization=token)

    def metrics(self):
        return self.get(self.metrics_port, "/metrics")[1]

    def status_becomes(self, token, status, seconds):
        """How long it took until the token got that answer."""
        started = time.monotonic()
        while True:
            answer = self.ask(token)
            if answer[0] == status:
                return time.monotonic() - started
            assert time.monotonic() - started < seconds, answer
            time.sleep(0.05)


def root(podpass):
    profile = dict(line.split(" = ") for line in (podpass.data_dir / "credentials").read_text().splitlines() if "=" in line)
    return {"AWS_ACCESS_KEY_ID": profile["aws_access_key_id"], "AWS_SECRET_ACCESS_KEY": profile["aws_secret_access_key"]}


@pytest.fixture
def podpass(tmp_path):
    server = Podpass(tmp_path).start()
    yield server
    if server.process.poll() is None:
        server.stop()


def make_role(podpass, name):
    return podpass.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]


def associate(podpass, role="app"):
    return podpass.client("eks").create_pod_identity_association(
        clusterName=CLUSTER, namespace="ns", serviceAccount="sa", roleArn=make_role(podpass, role))["association"]


@pytest.mark.parametrize("flags", [(), ("--no-watch",)], ids=["watch", "recheck"])
def test_changes_of_associations_take_effect_within_five_seconds(podpass, tmp_path, flags):
    eks = podpass.client("eks")
    first = associate(podpass)
    token = podpass.mint("ns", "sa")
    with Agent(podpass, tmp_path, root(podpass), *flags) as agent:
        assert agent.ask(token)[0] == 200
        eks.delete_pod_identity_association(clusterName=CLUSTER, associationId=first["associationId"])
        assert agent.status_becomes(token, 404, PATIENCE) < 6
        second = eks.create_pod_identity_association(clusterName=CLUSTER, namespace="ns", serviceAccount="sa",
                                                     roleArn=first["roleArn"])["association"]
        assert agent.status_becomes(token, 200, PATIENCE) < 6
        other = make_role(podpass, "other")
        before = agent.ask(token)[1]
        eks.update_pod_identity_association(clusterName=CLUSTER, associationId=second["associationId"], roleArn=other)
        started = time.monotonic()
        while agent.ask(token)[1] == before:
            assert time.monotonic() - started < 6
            time.sleep(0.05)


def test_the_shared_credentials_file_is_read_again(podpass, tmp_path):
    associate(podpass)
    file = tmp_path / "node-credentials"

    def write(key, secret):
        fresh = pathlib.Path(str(file) + ".new")
        fresh.write_text(f"[node]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n")
        os.replace(fresh, file)

    good = root(podpass)
    write("AKIAIOSFODNN7EXAMPLE", "wrong")
    variables = {"AWS_SHARED_CREDENTIALS_FILE": str(file), "AWS_PROFILE": "node"}
    with Agent(podpass, tmp_path, variables, "--rotate-credentials") as agent:
        status, text = agent.ask(podpass.mint("ns", "sa"))
        assert status == 403 and "UnrecognizedClientException" in text
        write(good["AWS_ACCESS_KEY_ID"], good["AWS_SECRET_ACCESS_KEY"])
        assert agent.ask(podpass.mint("ns", "sa"))[0] == 200


def test_pods_keep_their_credentials_while_the_server_is_away(podpass, tmp_path):
    associate(podpass)
    token = podpass.mint("ns", "sa")
    with Agent(podpass, tmp_path, root(podpass)) as agent:
        answer = agent.ask(token)
        assert answer[0] == 200
        podpass.stop()
        assert agent.ask(token) == answer
        assert agent.get(agent.probe, "/healthz")[0] == 200
        assert 'pod_identity_cache_state{state="hit"}' in agent.metrics()


def test_node_addresses_and_sdks_in_a_network_of_their_own(podpass, tmp_path):
    """`podpass agent --init` as root in a network namespace: addresses, routes, port 80, both address families."""
    if os.geteuid() != 0:
        pytest.fail("this test makes a network namespace: run it as root")
    script = f"""
set -eu
ip link set lo up
{BINARY} agent --init-only
{BINARY} agent --init-only
ip -o addr show dev pod-id-link0 | grep -q 'inet 169.254.170.23/32'
ip -o addr show dev pod-id-link0 | grep -q 'inet6 fd00:ec2::23/128'
ip route show table main | grep -q '^169.254.170.23 dev pod-id-link0'
{BINARY} agent --init -c c --endpoint http://127.0.0.1:1 --region {REGION} > out & agent=$!
trap "kill $agent" EXIT
for i in $(seq 300); do grep -q serves out && break; sleep 0.1; done
curl -s -o body -w '%{{http_code}}\n' http://169.254.170.23/v1/credentials
curl -s -o body -w '%{{http_code}}\n' 'http://[fd00:ec2::23]/v1/credentials'
curl -s -w '%{{http_code}}\n' http://localhost:2703/healthz
"""
    done = subprocess.run(["unshare", "-n", "bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60,
                          env={**os.environ, "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["400", "400", "200"], done.stdout + done.stderr


def test_the_node_has_no_keys_but_a_token(podpass, tmp_path):
    """The agent's own credentials by AssumeRoleWithWebIdentity, with a token that the cluster gave it."""
    associate(podpass)
    iam = podpass.client("iam")
    issuer = podpass.client("eks").describe_cluster(name=CLUSTER)["cluster"]["identity"]["oidc"]["issuer"]
    provider = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["sts.amazonaws.com"])["OpenIDConnectProviderArn"]
    host = issuer.split("://")[1]
    trust = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{host}:sub": "system:serviceaccount:kube-system:podpass-agent",
                                       f"{host}:aud": "sts.amazonaws.com"}}}]}
    role = iam.create_role(RoleName="node", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="node", PolicyName="exchange", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": "eks-auth:AssumeRoleForPodIdentity"}]}))
    file = tmp_path / "token"
    variables = {"AWS_ROLE_ARN": role, "AWS_WEB_IDENTITY_TOKEN_FILE": str(file)}
    file.write_text(podpass.token("kube-system", "somebody-else", "--audience", "sts.amazonaws.com"))
    with Agent(podpass, tmp_path, variables, "--node-name", "node-1") as agent:
        status, text = agent.ask(podpass.mint("ns", "sa"))
        assert status == 500 and "AccessDenied" in text and "role/node" in text
        file.write_text(podpass.token("kube-system", "podpass-agent", "--audience", "sts.amazonaws.com"))
        agent.status_becomes(podpass.mint("ns", "sa"), 200, PATIENCE)
        assert "web identity: role " + role in agent.log.read_text()
        # The role may not watch, and the refusal names the session: it is called as the node is.
        started = time.monotonic()
        while ":assumed-role/node/node-1 is not authorized to perform: podpass:Watch" not in agent.log.read_text():
            assert time.monotonic() - started < PATIENCE, agent.log.read_text()
            time.sleep(0.05)
