"""`podpass webhook` beside a real server: associations made with boto3, reviews as an API server sends them; and `preview`."""

import base64
import contextlib
import http.client
import json
import re
import select
import shlex
import signal
import ssl
import subprocess
import time

import pytest

import podpass_server
from podpass_server import BINARY, CLUSTER, Podpass, allow

EFFECT_SECONDS = 5  # until a deleted association is not given any more


def review(namespace, service_account="sa", **pod):
    spec = {"serviceAccountName": service_account, "containers": [{"name": "app", "image": "i"}], **pod}
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "namespace": namespace, "operation": "CREATE",
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "object": {"kind": "Pod", "apiVersion": "v1", "metadata": {"generateName": "app-"}, "spec": spec}}}


class Webhook:
    """The program without TLS, on loopback."""

    def __init__(self, directory, env, *flags):
        self.log = directory / "webhook.log"
        command = [BINARY, "webhook", "--port", "0", "--metrics-port", "0", "--bind-address", "127.0.0.1", *flags]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=log, env=env, text=True)
        line = self.process.stdout.readline()
        assert line, f"{shlex.join(map(str, command))}\n{self.log.read_text()}"
        self.port, self.metrics_port = map(int, re.findall(r"port (\d+)", line))
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def get(self, path, port=None):
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def wait_ready(self):
        end = time.monotonic() + podpass_server.READY_SECONDS
        while self.get("/readyz")[0] != 200:
            assert time.monotonic() < end, self.log.read_text()
            select_a_moment()
        return self

    def admit(self, *arguments, **pod):
        self.connection.request("POST", "/mutate", json.dumps(review(*arguments, **pod)), {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return json.loads(body)["response"]

    def patch(self, *arguments, **pod):
        response = self.admit(*arguments, **pod)
        assert response["allowed"], response
        return json.loads(base64.b64decode(response["patch"])) if "patch" in response else []

    def stop(self):
        self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(podpass_server.COMMAND_SECONDS) == 0, self.log.read_text()
        self.process.stdout.close()


def select_a_moment():
    """Between two looks at something that another process does."""
    select.select([], [], [], 0.02)


@pytest.fixture
def start(tmp_path):
    started = []

    def begin(server, *flags, keys=None, policy="ignore"):
        env = server.keys_env(keys) if keys else server.root_env()
        started.append(Webhook(tmp_path, env, "--no-tls", "--cluster-name", CLUSTER, "--failure-policy", policy, *flags))
        return started[-1]

    yield begin
    for webhook in started:
        if webhook.process.poll() is None:
            webhook.stop()


def envs(patch):
    return {each["name"]: each["value"] for operation in patch if "/env" in operation["path"]
            for each in (operation["value"] if isinstance(operation["value"], list) else [operation["value"]])}


def test_the_only_permission_it_needs(server, world, start):
    cluster_arn = world.eks.describe_cluster(name=CLUSTER)["cluster"]["arn"]
    keys, _ = world.user(allow("podpass:WatchPodIdentityAssociations", cluster_arn))
    webhook = start(server, keys=keys).wait_ready()
    world.associate(world.role())
    assert envs(webhook.patch(world.name)) == {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token"}
    metrics = webhook.get("/metrics", webhook.metrics_port)[1]
    assert 'pod_identity_webhook_pod_count{method="container_credentials"} 1' in metrics


def test_without_permission_it_says_so_and_is_not_ready(server, world, start):
    keys, _ = world.user()
    webhook = start(server, keys=keys, policy="fail")
    response = webhook.admit(world.name)
    assert not response["allowed"]
    assert "podpass:WatchPodIdentityAssociations" in response["status"]["message"]
    assert webhook.get("/readyz")[0] == 503
    assert webhook.get("/healthz") == (200, "ok")


def test_a_thousand_pods_made_right_after_their_associations(server, world, start):
    webhook = start(server).wait_ready()
    role = world.role()
    for number in range(1_000):
        assert webhook.patch(world.name, f"sa-{number}") == []
        world.associate(role, f"sa-{number}")
        assert webhook.patch(world.name, f"sa-{number}"), f"missed at {number}"


def test_a_deleted_association_takes_effect(server, world, start):
    webhook = start(server).wait_ready()
    association = world.associate(world.role())
    assert webhook.patch(world.name)
    world.eks.delete_pod_identity_association(clusterName=CLUSTER, associationId=association["associationId"])
    end = time.monotonic() + EFFECT_SECONDS
    while webhook.patch(world.name):
        assert time.monotonic() < end, "it still patches"
        select_a_moment()


def test_the_server_restarts_and_goes_away(tmp_path, start):
    podpass = Podpass(tmp_path / "podpass").start()
    try:
        iam, eks = podpass.client("iam"), podpass.client("eks")
        role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(podpass_server.TRUST))["Role"]["Arn"]

        def associate(service_account):
            podpass.client("eks").create_pod_identity_association(clusterName=CLUSTER, namespace="ns", serviceAccount=service_account,
                                                                  roleArn=role)

        associate("old")
        webhook = start(podpass, "--lookup-timeout", "2s").wait_ready()
        port = podpass.endpoint.rsplit(":", 1)[1]
        assert podpass.stop() == 0
        assert webhook.patch("ns", "old"), "what is known stays known"
        response = webhook.admit("ns", "new")
        assert response["allowed"] and "patch" not in response
        assert "pod admitted without credentials" in response["warnings"][0]
        original = podpass_server.free_ports
        podpass_server.free_ports = lambda count: [int(port), *original(count - 1)]
        try:
            podpass.start()
        finally:
            podpass_server.free_ports = original
        associate("new")
        end = time.monotonic() + podpass_server.READY_SECONDS
        while not webhook.patch("ns", "new"):
            assert time.monotonic() < end, webhook.log.read_text()
            select_a_moment()
        associate("newer")
        assert webhook.patch("ns", "newer"), "and from then on none is missed again"
        assert webhook.patch("ns", "old")
        webhook.stop()
        again = start(podpass).wait_ready()
        assert again.patch("ns", "old") and again.patch("ns", "newer")
    finally:
        podpass.stop()


def test_the_known_webhooks_file_and_tls(server, tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                    "/CN=webhook", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "tls.key", "-out",
                    tmp_path / "tls.crt"], check=True, capture_output=True)
    identities = tmp_path / "identities.json"
    webhook = Webhook(tmp_path, server.bare_env(), "--in-cluster=false", "--tls-cert", tmp_path / "tls.crt", "--tls-key",
                      tmp_path / "tls.key", "--watch-container-credentials-config", identities, "--token-expiration", "3600",
                      "--aws-default-region", "eu-central-1", "--sts-regional-endpoint", "--annotation-prefix", "eks.amazonaws.com")
    try:
        webhook.connection = http.client.HTTPSConnection(
            "127.0.0.1", webhook.port, timeout=60, context=ssl.create_default_context(cafile=str(tmp_path / "tls.crt")))
        assert webhook.patch("ns") == []
        identities.write_text('{"identities":[{"namespace":"ns","serviceAccount":"sa"}]}')
        patch = webhook.patch("ns")
        assert list(envs(patch)) == ["AWS_STS_REGIONAL_ENDPOINTS", "AWS_DEFAULT_REGION", "AWS_REGION",
                                     "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]
        assert '"expirationSeconds": 3600' in json.dumps(patch)
        identities.write_text("{ nonsense")
        assert webhook.patch("ns"), "bad JSON keeps the old set"
    finally:
        webhook.stop()


POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: my-pod
spec:
  serviceAccountName: my-service-account
  initContainers:
    - name: proxy
      restartPolicy: Always
  containers:
    - name: app
      image: app:1
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: other
"""


def preview(*flags, stdin=POD, code=0):
    done = subprocess.run([BINARY, "webhook", "preview", "-f", "-", *flags], input=stdin, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done
    return done


def test_preview_prints_the_pod_as_it_would_be_admitted(tmp_path):
    identities = tmp_path / "identities.json"
    identities.write_text('{"identities":[{"namespace":"default","serviceAccount":"my-service-account"}]}')
    done = preview("--identities", identities)
    assert done.stderr == "Pod default/my-pod: pod identity of service account default/my-service-account, 6 additions\n"
    assert "restartPolicy: Always" in done.stdout and "kind: ConfigMap" in done.stdout
    assert done.stdout.count("mountPath: /var/run/secrets/pods.eks.amazonaws.com/serviceaccount") == 2
    assert preview(stdin=done.stdout).stdout == done.stdout, "without identities nothing changes"
    assert preview("--association", "my-service-account", stdin=done.stdout).stdout == done.stdout, "a second time neither"
    as_json = json.loads(preview("--association", "my-service-account", "-o", "json").stdout.split("\n}\n")[0] + "\n}")
    assert as_json["metadata"]["labels"] == {"eks.amazonaws.com/pod-identity": "enabled"}


def test_preview_of_a_role_and_its_errors():
    done = preview("--service-account-role-arn", "my-service-account=arn:aws:iam::111122223333:role/r")
    assert "arn:aws:iam::111122223333:role/r" in done.stdout and "aws-iam-token" in done.stdout
    assert "is not SERVICE_ACCOUNT=ARN" in preview("--service-account-role-arn", "x", code=1).stderr
    assert "Pod default/: spec.containers is not a list" in preview(stdin="kind: Pod\nspec: {containers: 7}", code=1).stderr
    assert "line 1" in preview(stdin="a: [", code=1).stderr


def test_what_is_missing_is_said():
    for flags, text in ((["--no-tls"], "The webhook knows no identities"),
                        (["--endpoint", "http://127.0.0.1:1"], "--endpoint needs --cluster-name and --region"),
                        (["--no-tls", "--lookup-timeout", "0", "--watch-container-credentials-config", "x"], "a second or more"),
                        (["--no-tls", "--self-signed", "--watch-container-credentials-config", "x"], "not both"),
                        (["--self-signed", "--watch-container-credentials-config", "x"], "needs an API server"),
                        (["--watch-container-credentials-config", "x", "--tls-cert", "/none.crt"], "/none.crt")):
        done = subprocess.run([BINARY, "webhook", *flags], env={}, capture_output=True, text=True, timeout=60)
        assert done.returncode == 1 and text in done.stderr, (flags, done)
