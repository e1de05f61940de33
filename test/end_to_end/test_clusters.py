"""Clusters that run elsewhere: `podpass cluster ...` and aws eks register-cluster, against a fake API server."""

import base64
import http.server
import json
import subprocess
import threading
import time

import pytest

from podpass_server import ACCOUNT, BINARY, REGION, Keys

ISSUER = "https://kubernetes.default.svc.cluster.local"


def encoded(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).decode().rstrip("=")


class SigningKey:
    """What a cluster signs its tokens with; openssl does the work."""

    def __init__(self, directory, kid):
        self.file, self.kid = directory / f"{kid}.pem", kid
        subprocess.run(["openssl", "genrsa", "-out", str(self.file), "2048"], check=True, capture_output=True)
        modulus = subprocess.run(["openssl", "rsa", "-in", str(self.file), "-modulus", "-noout"], check=True, capture_output=True, text=True)
        number = bytes.fromhex(modulus.stdout.strip().split("=")[1])
        self.jwk = {"kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig", "n": encoded(number), "e": "AQAB"}

    @property
    def jwks(self):
        return {"keys": [self.jwk]}

    def token(self, namespace, service_account, audience="pods.eks.amazonaws.com", node=None, issuer=ISSUER):
        now = int(time.time())
        kubernetes = {"namespace": namespace, "pod": {"name": "app-1", "uid": "pod-uid"},
                      "serviceaccount": {"name": service_account, "uid": "sa-uid"}}
        if node:
            kubernetes["node"] = {"name": node, "uid": "node-uid"}
        claims = {"aud": [audience], "exp": now + 3600, "iat": now, "nbf": now, "iss": issuer, "kubernetes.io": kubernetes,
                  "sub": f"system:serviceaccount:{namespace}:{service_account}"}
        signed = f"{encoded({'alg': 'RS256', 'kid': self.kid})}.{encoded(claims)}"
        done = subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(self.file)], input=signed.encode(), check=True, capture_output=True)
        return f"{signed}.{encoded(done.stdout)}"


class ApiServer:
    """Answers by path; `answers` may be changed at any time. Knows one bearer token."""

    def __init__(self, key):
        self.answers = {
            ("GET", "/.well-known/openid-configuration"): (200, {"issuer": ISSUER}),
            ("GET", "/openid/v1/jwks"): (200, key.jwks),
        }
        self.tokens = {"admin-token", "server-token"}
        self.bodies = {}
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path = self.path.split("?")[0]
                fake.bodies[path] = body
                if self.headers.get("Authorization", "").removeprefix("Bearer ") not in fake.tokens:
                    status, answer = 401, {"kind": "Status", "code": 401, "reason": "Unauthorized", "message": "Unauthorized"}
                else:
                    status, answer = fake.answers.get((self.command, path), (404, {"kind": "Status", "code": 404, "reason": "NotFound", "message": "not found"}))
                sent = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def kubeconfig(self, path, token="admin-token"):
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "main",
            "contexts": [{"name": "main", "context": {"cluster": "far", "user": "admin"}}],
            "clusters": [{"name": "far", "cluster": {"server": self.url}}],
            "users": [{"name": "admin", "user": {"token": token}}],
        }))
        return path

    def review(self, service_account=None, error=None):
        status = {"error": error} if error else {
            "authenticated": True, "audiences": ["pods.eks.amazonaws.com"], "user": {"username": f"system:serviceaccount:default:{service_account}"}}
        self.answers["POST", "/apis/authentication.k8s.io/v1/tokenreviews"] = (201, {"kind": "TokenReview", "status": status})


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    directory = tmp_path_factory.mktemp("keys")
    return SigningKey(directory, "one"), SigningKey(directory, "two")


@pytest.fixture
def api_server(keys):
    fake = ApiServer(keys[0])
    yield fake
    fake.server.shutdown()
    fake.server.server_close()


@pytest.fixture
def cluster_command(server):
    def run(command, *arguments, check=True):
        return server.run([BINARY, "cluster", command, *arguments, "--data-dir", server.data_dir], server.bare_env(), check)
    return run


@pytest.fixture
def by_file(cluster_command, tmp_path, name):
    """Registers a cluster by its keys alone."""
    def register(cluster, key, *arguments):
        file = tmp_path / f"{cluster}.json"
        file.write_text(json.dumps(key.jwks))
        return cluster_command("register", cluster, "--issuer", ISSUER, "--jwks-file", file, *arguments)
    return register


def exchange(server, cluster, token, keys=None):
    return server.signed("eks-auth", "POST", f"/clusters/{cluster}/assume-role-for-pod-identity", json.dumps({"token": token}), keys=keys)


def outcomes(done):
    return {step["name"]: step["outcome"] for step in json.loads(done.stdout)["steps"]}


def test_the_life_of_a_registered_cluster(server, world, name, keys, by_file, cluster_command, refused):
    cluster = f"{name}-far"
    done = by_file(cluster, keys[0], "--tag", "team=blue")
    assert f"Cluster {cluster} is registered." in done.stdout and "register it again" in done.stdout
    shown = json.loads(cluster_command("show", cluster, "--json").stdout)
    assert shown["issuer"] == ISSUER and shown["keyIds"] == ["one"] and shown["kind"] == "REGISTERED" and shown["status"] == "ACTIVE"
    assert ISSUER in cluster_command("show", cluster).stdout
    listed = cluster_command("list").stdout
    assert cluster in listed and "my-cluster" in listed and "LOCAL" in listed
    assert cluster in {each["clusterName"] for each in json.loads(cluster_command("list", "--json").stdout)["clusters"]}
    described = world.eks.describe_cluster(name=cluster)["cluster"]
    assert described["identity"]["oidc"]["issuer"] == ISSUER and described["tags"] == {"team": "blue"}

    role = world.role()
    world.associate(role, "app", "default", cluster)
    answer = exchange(server, cluster, keys[0].token("default", "app"))
    assert answer.status == 200, answer.text
    assert answer.json["subject"] == {"namespace": "default", "serviceAccount": "app"}
    pod = Keys(answer.json["credentials"]["accessKeyId"], answer.json["credentials"]["secretAccessKey"], answer.json["credentials"]["sessionToken"])
    assert server.client("sts", pod).get_caller_identity()["Account"] == ACCOUNT

    checked = cluster_command("check", cluster, "--service-account", "app", "--json")
    assert outcomes(checked) == {"registration": "ok", "API server": "skipped", "association": "ok", "role": "ok", "token": "skipped"}
    failed = cluster_command("check", cluster, "--service-account", "other", check=False)
    assert failed.returncode == 1 and "create-pod-identity-association" in failed.stdout

    with pytest.raises(world.eks.exceptions.InvalidRequestException) as error:
        world.eks.delete_cluster(name=cluster)
    assert "DeregisterCluster" in refused(error, "InvalidRequestException", 400)
    gone = cluster_command("deregister", cluster)
    assert f"podpass-node-{cluster}" in gone.stdout and f"podpass-webhook-{cluster}" in gone.stdout
    assert exchange(server, cluster, keys[0].token("default", "app")).status == 404
    assert cluster_command("deregister", cluster, check=False).returncode == 1


def test_a_shared_issuer_is_told(name, keys, by_file, cluster_command):
    by_file(f"{name}-a", keys[0], "--no-node-role")
    assert "Other clusters have the same issuer" in by_file(f"{name}-b", keys[1], "--no-node-role").stdout
    assert "other clusters have it too" in cluster_command("show", f"{name}-a").stdout


def test_a_role_that_cannot_be_deleted_is_told(server, world, name, keys, by_file, cluster_command):
    by_file(name, keys[0])
    role = f"podpass-node-{name}"
    world.iam.put_role_policy(RoleName=role, PolicyName="mine",
                              PolicyDocument='{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}')
    done = cluster_command("deregister", name, check=False)
    assert done.returncode == 1 and f"Cluster {name} is forgotten, but role {role} could not be deleted: " in done.stderr
    assert cluster_command("show", name, check=False).returncode == 1


def test_two_clusters_with_one_issuer_never_mix(server, world, name, keys, by_file):
    first, second = f"{name}-a", f"{name}-b"
    by_file(first, keys[0], "--no-node-role")
    by_file(second, keys[1], "--no-node-role")
    role = world.role()
    for cluster in (first, second):
        world.associate(role, "app", "default", cluster)
    for cluster, good, bad in ((first, *keys), (second, *reversed(keys))):
        assert exchange(server, cluster, good.token("default", "app")).status == 200
        answer = exchange(server, cluster, bad.token("default", "app"))
        assert (answer.status, answer.error_type) == (400, "InvalidTokenException")


def test_a_node_gets_in_by_its_own_token(server, world, name, by_file, tmp_path):
    """The whole way without long-lived keys: web identity, the node role, the exchange, and only for the node's own pods."""
    cluster, other = f"{name}-far", f"{name}-other"
    keys = [SigningKey(tmp_path, kid) for kid in ("far", "other")]  # clusters with one issuer are told apart by their keys
    by_file(cluster, keys[0])
    by_file(other, keys[1])
    world.associate(world.role(), "app", "default", cluster)
    sts = server.client("sts")
    token = keys[0].token("podpass-agent", "podpass-agent", "sts.amazonaws.com", node="node-1")
    role = f"arn:aws:iam::{ACCOUNT}:role/podpass-node-{cluster}"
    node = Keys.of(sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="agent", WebIdentityToken=token)["Credentials"])
    assert exchange(server, cluster, keys[0].token("default", "app", node="node-1"), node).status == 200
    answer = exchange(server, cluster, keys[0].token("default", "app", node="node-2"), node)
    assert (answer.status, answer.error_type) == (400, "AccessDeniedException")
    assert exchange(server, other, keys[1].token("default", "app"), node).error_type == "AccessDeniedException"
    watched = server.signed("podpass", "GET", f"/clusters/{cluster}/pod-identity-association-changes", keys=node)
    assert watched.status == 200 and watched.json["changes"][0]["serviceAccount"] == "app"
    for bad in (keys[0].token("default", "app", "sts.amazonaws.com"),  # another service account
                keys[1].token("podpass-agent", "podpass-agent", "sts.amazonaws.com")):  # the other cluster's, with the same issuer
        with pytest.raises(sts.exceptions.ClientError):
            sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="agent", WebIdentityToken=bad)


def test_an_issuer_with_a_slash_at_its_end(server, name, keys, tmp_path, cluster_command):
    """AKS has such ones."""
    issuer = f"https://idp.example/{name}/"
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(keys[0].jwks))
    made = json.loads(cluster_command("register", name, "--issuer", issuer, "--jwks-file", file, "--json").stdout)
    assert made["oidcProviderArn"].endswith(f"/{name}/")
    token = keys[0].token("podpass-agent", "podpass-agent", "sts.amazonaws.com", issuer=issuer)
    server.client("sts").assume_role_with_web_identity(RoleArn=made["nodeRoleArn"], RoleSessionName="agent", WebIdentityToken=token)


def test_register_by_kubeconfig(server, world, name, keys, api_server, tmp_path, cluster_command):
    cluster = f"{name}-far"
    kubeconfig = api_server.kubeconfig(tmp_path / "config")
    done = cluster_command("register", cluster, "--kubeconfig", kubeconfig, "--no-node-role")
    assert "has no credentials for the API server" in done.stdout
    assert json.loads(cluster_command("show", cluster, "--json").stdout)["credentials"] == "none"

    token_file = tmp_path / "token"
    token_file.write_text("server-token\n")
    api_server.review("app")
    done = cluster_command("register", cluster, "--kubeconfig", kubeconfig, "--no-node-role", "--server-token-file", token_file, "--token-review")
    assert "bearer-token" in done.stdout and "server-token" not in done.stdout
    world.associate(world.role(), "app", "default", cluster)
    assert world.eks.describe_cluster(name=cluster)["cluster"]["endpoint"] == api_server.url

    # Who registers it again, for another reason, does not switch reviews off by that.
    refused = cluster_command("register", cluster, "--kubeconfig", kubeconfig, "--no-node-role", check=False)
    assert refused.returncode == 1 and "Token review is on" in refused.stderr and "--no-token-review" in refused.stderr
    shown = json.loads(cluster_command("show", cluster, "--json").stdout)
    assert shown["tokenReview"] is True and shown["credentials"] == "bearer-token"
    register = ("register", cluster, "--kubeconfig", kubeconfig, "--no-node-role", "--server-token-file", token_file, "--json")
    assert json.loads(cluster_command(*register, "--no-token-review").stdout)["registration"]["tokenReview"] is False
    assert json.loads(cluster_command(*register, "--token-review").stdout)["registration"]["tokenReview"] is True
    assert json.loads(cluster_command(*register).stdout)["registration"]["tokenReview"] is True

    empty = tmp_path / "empty"
    empty.write_text("\n")
    refused = cluster_command("register", cluster, "--kubeconfig", kubeconfig, "--server-token-file", empty, check=False)
    assert refused.returncode == 1 and "empty has no token" in refused.stderr

    api_server.answers["GET", "/api/v1/namespaces/default/pods"] = (200, {"items": [{"metadata": {"name": "app-1", "uid": "pod-uid"}}]})
    api_server.answers["POST", "/api/v1/namespaces/default/serviceaccounts/app/token"] = (201, {"status": {"token": keys[0].token("default", "app")}})
    checked = cluster_command("check", cluster, "--kubeconfig", kubeconfig, "--service-account", "app", "--json")
    assert set(outcomes(checked).values()) == {"ok"} and {"exchange", "token", "token review", "kubeconfig keys"} <= set(outcomes(checked))
    requested = json.loads(api_server.bodies["/api/v1/namespaces/default/serviceaccounts/app/token"])
    assert requested["spec"]["boundObjectRef"] == {"apiVersion": "v1", "kind": "Pod", "name": "app-1", "uid": "pod-uid"}

    # A deleted pod's token is refused, a rotated key is read at once, and an API server that is away lets nobody in.
    api_server.review(error="pod not found")
    answer = exchange(server, cluster, keys[0].token("default", "app", node="not yet reviewed"))  # an outcome is kept for a second
    assert answer.error_type == "InvalidTokenException" and "pod not found" in answer.text
    api_server.review("app")
    api_server.answers["GET", "/openid/v1/jwks"] = (200, keys[1].jwks)
    token = keys[1].token("default", "app")
    deadline = time.monotonic() + 30
    while (answer := exchange(server, cluster, token)).status != 200 and time.monotonic() < deadline:
        assert answer.error_type == "InvalidTokenException"  # the keys were read less than five seconds ago
    assert answer.status == 200
    api_server.tokens = {"admin-token"}
    token = keys[1].token("default", "app", node="another token")
    answer = exchange(server, cluster, token)
    assert (answer.status, answer.error_type) == (503, "ServiceUnavailableException")
    failed = cluster_command("check", cluster, "--json", check=False)
    assert failed.returncode == 1 and "credentials" in failed.stdout


def test_the_kubeconfigs_own_credentials(name, api_server, tmp_path, cluster_command):
    cluster = f"{name}-far"
    done = cluster_command("register", cluster, "--kubeconfig", api_server.kubeconfig(tmp_path / "config"), "--no-node-role",
                           "--use-kubeconfig-credentials", "--json")
    assert json.loads(done.stdout)["registration"]["credentials"] == "bearer-token"
    assert "admin-token" not in done.stdout


def test_register_by_aws(server, world, name, keys, by_file, cluster_command):
    cluster = f"{name}-far"
    role = world.role()
    registered = server.aws_json(f"eks register-cluster --name {cluster} --connector-config roleArn={role},provider=OTHER --tags a=b")["cluster"]
    assert registered["status"] == "PENDING" and registered["connectorConfig"]["activationId"] and registered["tags"] == {"a": "b"}
    assert registered["arn"] == f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{cluster}"
    assert "PENDING" in cluster_command("show", cluster).stdout
    answer = exchange(server, cluster, keys[0].token("default", "app"))
    assert (answer.status, answer.error_type) == (400, "InvalidRequestException") and "podpass cluster register" in answer.text
    assert cluster_command("check", cluster, check=False).returncode == 1
    by_file(cluster, keys[0], "--no-node-role")
    described = server.aws_json(f"eks describe-cluster --name {cluster}")["cluster"]
    assert described["status"] == "ACTIVE" and "activationCode" not in described["connectorConfig"] and described["tags"] == {"a": "b"}
    assert server.aws_json(f"eks deregister-cluster --name {cluster}")["cluster"]["status"] == "DELETING"
    assert server.aws(f"eks describe-cluster --name {cluster}", check=False).returncode != 0


def test_a_local_cluster_is_checked_too(server, world, name, cluster_command):
    world.associate(world.role(), "app", name)
    checked = cluster_command("check", "my-cluster", "--namespace", name, "--service-account", "app", "--json")
    assert outcomes(checked) == {"registration": "ok", "association": "ok", "role": "ok", "exchange": "ok"}


def test_registrations_survive_a_restart(server, tmp_path, keys):
    from podpass_server import Podpass
    podpass = Podpass(tmp_path / "own").start()
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(keys[0].jwks))
    podpass.run([BINARY, "cluster", "register", "far", "--issuer", ISSUER, "--jwks-file", file, "--data-dir", podpass.data_dir], podpass.bare_env())
    assert podpass.stop() == 0
    podpass.start()
    shown = podpass.run([BINARY, "cluster", "show", "far", "--json", "--data-dir", podpass.data_dir], podpass.bare_env())
    assert json.loads(shown.stdout)["keyIds"] == ["one"]
    assert podpass.stop() == 0


def test_bad_usage(server, name, tmp_path, cluster_command):
    text, empty = tmp_path / "text", tmp_path / "empty.json"
    text.write_text("not json")
    empty.write_text('{"keys": []}')
    wrong = [
        (["register", "x", "--jwks-file", text], "need --issuer"),
        (["register", "x", "--issuer", ISSUER, "--jwks-file", text], "is not JSON"),
        (["register", "x", "--issuer", ISSUER, "--jwks-file", tmp_path / "none"], "none: No such file or directory"),
        (["register", "x", "--issuer", ISSUER, "--jwks-file", tmp_path], "Is a directory"),
        (["register", "x", "--kubeconfig", tmp_path / "none"], "give --issuer and --jwks-file"),
        (["register", "x", "--issuer", ISSUER, "--jwks-file", empty], "usable key"),
        (["register", "x", "--issuer", ISSUER, "--jwks-file", empty, "--token-review"], "not reached"),
        (["register", "x", "--issuer", ISSUER, "--jwks-file", empty, "--jwks-url", "https://x"], "not both"),
        (["register", "x", "--kubeconfig", tmp_path / "none"], "none"),
        (["register", "x", "--kubeconfig", text], "text"),
        (["register", "x", "--issuer", ISSUER, "--jwks-file", empty, "--tag", "x"], "KEY=VALUE"),
        (["register", "x", "--jwks-url", "http://192.0.2.1/keys", "--issuer", ""], "need --issuer"),
        (["register", "x", "--jwks-url", "https://192.0.2.1", "--issuer", ISSUER], "it has no path"),
        (["show", name], "No cluster found"),
        (["check", name], "No cluster found"),
        (["deregister", name], "No cluster found"),
        (["deregister", "my-cluster"], "DeleteCluster"),
        (["register", "my-cluster", "--issuer", ISSUER, "--jwks-file", empty], "issues its own tokens"),
    ]
    for arguments, said in wrong:
        done = cluster_command(*arguments, check=False)
        assert done.returncode == 1 and said in done.stderr and not done.stdout, (arguments, done)
        assert len(done.stderr.splitlines()) <= 2, done.stderr
    for arguments in (["register"], ["show"], ["nonsense"], ["check", "x", "--token-file", "f"]):
        assert cluster_command(*arguments, check=False).returncode == 2
    assert "Example" in server.run([BINARY, "cluster", "register", "--help"], server.bare_env()).stdout


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"clusterName": 1}', b'{"clusterName": "x", "issuer": "https://x", "jwks": null}',
                                  b'{"clusterName": "../x", "issuer": "https://x", "jwks": {"keys": []}}',
                                  b'{"clusterName": "x", "issuer": "https://x", "jwks": {"keys": [1]}}',
                                  b'{"clusterName": "x", "issuer": "https://x", "jwks": {"keys": []}, "apiServer": "x"}'])
def test_bad_requests(server, body):
    for path in ("/cluster-registrations", "/cluster-registrations/my-cluster"):
        assert 400 <= server.signed("podpass", "POST", path, body).status < 500


def test_a_watch_sees_a_new_association_at_once(server, world, name, keys, by_file):
    cluster = f"{name}-far"
    by_file(cluster, keys[0], "--no-node-role")
    role = world.role()
    path = f"/clusters/{cluster}/pod-identity-association-changes"
    place = server.signed("podpass", "GET", path).json["next"]
    told = {}

    def watch():
        answer = server.signed("podpass", "GET", f"{path}?after={place}&maxWaitSeconds=30").json
        told.update(answer, at=time.monotonic())

    watcher = threading.Thread(target=watch)
    watcher.start()
    world.associate(role, "app", "default", cluster)
    acknowledged = time.monotonic()
    watcher.join(60)
    assert [change["serviceAccount"] for change in told["changes"]] == ["app"] and told["complete"] and not told["reset"]
    assert told["at"] - acknowledged < 5  # milliseconds; the machine may be busy
    for query in ("?maxWaitSeconds=31", "?after=x", "?maxWaitSeconds=-1"):
        assert server.signed("podpass", "GET", path + query).status == 400
