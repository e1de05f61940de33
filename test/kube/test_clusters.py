"""Registered clusters: a real cluster's tokens are exchanged for credentials, and are refused when they should be."""

import base64
import json

import cluster as kubernetes
import pytest
from botocore.exceptions import ClientError
from podpass_server import Keys, allow
from processes import eventually_is


def exchange(server, registered, token, keys=None):
    return server.client("eks-auth", keys).assume_role_for_pod_identity(clusterName=registered, token=token)


def refusal(server, registered, token, keys=None):
    """The error code that the exchange ends with; "" when it gives credentials."""
    try:
        exchange(server, registered, token, keys)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return ""


# --- register, show, list, check, deregister -------------------------------------------------------------------------


def test_show_and_list(server, cluster, registered):
    shown = server.command_json("cluster", "show", registered, "--json")
    shown = shown.get("registration", shown)
    assert shown["issuer"] == kubernetes.ISSUER and shown["status"] == "ACTIVE" and shown["apiServerEndpoint"] == cluster.endpoint
    assert shown["keyIds"] == [key["kid"] for key in cluster.call("GET", "/openid/v1/jwks")["keys"]]
    assert registered in server.command("cluster", "list").stdout
    assert registered in server.client("eks").list_clusters(include=["all"])["clusters"]
    described = server.client("eks").describe_cluster(name=registered)["cluster"]
    assert described["identity"]["oidc"]["issuer"] == kubernetes.ISSUER


def test_no_secret_of_the_kubeconfig_is_shown(server, cluster, registered):
    pem = (cluster.directory / "pki" / "admin.key").read_bytes()
    secrets = [pem.splitlines()[1].decode(), base64.b64encode(pem).decode()[-40:]]
    for command in (["show", registered, "--json"], ["show", registered], ["list"], ["check", registered]):
        said = server.command("cluster", *command)
        assert not any(secret in said.stdout + said.stderr for secret in secrets)


def test_check(server, world, cluster, namespace, registered):
    """Each step says what it found, and a failed one what to do."""

    def steps(*flags, fails=False):
        said = server.command("cluster", "check", registered, "--json", *flags, check=False)
        assert said.returncode == (1 if fails else 0), said.stdout + said.stderr
        found = json.loads(said.stdout)["steps"]
        assert all(step["outcome"] != "failed" or step["advice"] for step in found)
        return {step["name"]: step["outcome"] for step in found}

    assert steps() == {"registration": "ok", "API server": "ok", "issuer": "ok", "keys": "ok", "token review": "skipped"}
    of_account = ["--namespace", namespace, "--service-account", "sa"]
    assert steps(*of_account, fails=True)["association"] == "failed"
    world.associate(world.role(), cluster=registered)
    found = steps(*of_account)
    assert found["association"] == "ok" and found["role"] == "ok" and found["token"] == "skipped"

    pod = cluster.pod(namespace, "web", "sa")
    running = {"status": {"phase": "Running"}}
    cluster.call("PATCH", f"/api/v1/namespaces/{namespace}/pods/web/status", running, "application/merge-patch+json")
    found = steps(*of_account, "--kubeconfig", cluster.kubeconfig())
    assert found["token"] == "ok" and found["exchange"] == "ok" and found["kubeconfig keys"] == "ok"
    token_file = cluster.directory / "checked.token"
    token_file.write_text(cluster.token(namespace, "sa", pod))
    assert steps(*of_account, "--token-file", token_file)["exchange"] == "ok"


def test_register_again_and_deregister(server, cluster, name):
    server.register(name, cluster)
    assert server.register(name, cluster, "--token-review")["registration"]["tokenReview"] is True
    server.command("cluster", "deregister", name)
    assert name not in server.command("cluster", "list").stdout.split()
    again = server.command("cluster", "check", name, check=False)
    assert again.returncode != 0 and name in again.stderr


def test_service_accounts_to_choose_from(server, cluster, namespace, name):
    def listed(registered):
        answer = server.signed("podpass", "GET", f"/clusters/{registered}/service-accounts")
        assert answer.status == 200, answer.text
        return answer.json

    cluster.service_account(namespace, "another")
    server.register(f"{name}-a", cluster)
    refused = listed(f"{name}-a")
    assert refused["source"] == "associations" and refused["namespaces"] == [] and "the verb list on serviceaccounts" in refused["note"]
    roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    cluster.call("POST", roles, {"metadata": {"name": "podpass-choose"}, "rules": [{"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["list"]}]})
    cluster.call("POST", roles.replace("roles", "rolebindings"), {
        "metadata": {"name": "podpass-choose"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "podpass-choose"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": f"system:serviceaccount:{kubernetes.SYSTEM}:podpass-server"}]})
    server.register(f"{name}-b", cluster)
    answer = listed(f"{name}-b")
    assert answer["source"] == "cluster" and "note" not in answer
    found = {space["name"]: space["serviceAccounts"] for space in answer["namespaces"]}
    assert "another" in found[namespace] and "podpass-server" in found[kubernetes.SYSTEM]
    assert list(found) == sorted(found)


def test_register_with_what_is_no_cluster(server, cluster, name, tmp_path):
    refused = server.command("cluster", "register", name, "--kubeconfig", tmp_path / "absent", check=False)
    assert refused.returncode != 0 and "absent" in refused.stderr
    limited = cluster.token_kubeconfig("nobody", "no.such.token")
    refused = server.command("cluster", "register", name, "--kubeconfig", limited, check=False)
    assert refused.returncode != 0 and "does not accept our credentials" in refused.stderr, refused.stderr
    assert name not in server.command("cluster", "list").stdout.split()


# --- the exchange ----------------------------------------------------------------------------------------------------


def test_a_pods_token_is_exchanged(server, world, cluster, namespace, registered):
    bucket = world.bucket(**{"bootstrap.sh": b"echo configured\n"})
    association = world.associate(world.role(policy=allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*")), cluster=registered)
    pod = cluster.pod(namespace, "web-7d4b9c-x2x8k", "sa")
    answer = exchange(server, registered, cluster.token(namespace, "sa", pod))
    assert answer["subject"] == {"namespace": namespace, "serviceAccount": "sa"}
    assert answer["podIdentityAssociation"]["associationId"] == association["associationId"]
    assert f"/eks-{registered[:10]}-web-7d4b9c-" in answer["assumedRoleUser"]["arn"]
    credentials = answer["credentials"]
    keys = Keys(credentials["accessKeyId"], credentials["secretAccessKey"], credentials["sessionToken"])
    assert server.client("s3", keys).get_object(Bucket=bucket, Key="bootstrap.sh")["Body"].read() == b"echo configured\n"


def test_what_is_no_pods_token_is_refused(server, world, cluster, namespace, registered):
    world.associate(world.role(), cluster=registered)
    pod = cluster.pod(namespace, "web", "sa")
    assert refusal(server, registered, cluster.token(namespace, "sa", pod, audience=kubernetes.ISSUER)) == "InvalidTokenException"
    good = cluster.token(namespace, "sa", pod)
    head, claims, signature = good.split(".")
    assert refusal(server, registered, ".".join([head, claims, signature[::-1]])) == "InvalidTokenException"
    assert refusal(server, registered, good) == ""


def test_a_deleted_pod(server, world, cluster, namespace, registered, reviewed):
    """By its signature alone its token is good until it expires. Where the cluster is asked, it ends with its pod."""
    for each in (registered, reviewed):
        world.associate(world.role(), cluster=each)
    pod = cluster.pod(namespace, "web", "sa")
    # What was reviewed once the API server believes for ten seconds more, so each of these is reviewed once.
    tokens = cluster.tokens(namespace, "sa", pod)
    assert refusal(server, registered, tokens[0]) == "" and refusal(server, reviewed, tokens.pop()) == ""
    cluster.delete_pod(namespace, "web")
    eventually_is("InvalidTokenException", lambda: refusal(server, reviewed, tokens.pop()))
    assert refusal(server, registered, tokens[0]) == ""


def test_a_deleted_service_account(server, world, cluster, namespace, reviewed):
    world.associate(world.role(), cluster=reviewed)
    pod = cluster.pod(namespace, "web", "sa")
    tokens = cluster.tokens(namespace, "sa", pod)
    cluster.delete_service_account(namespace, "sa")
    eventually_is("InvalidTokenException", lambda: refusal(server, reviewed, tokens.pop()))


def test_a_node_gets_credentials_for_its_own_pods_only(server, world, cluster, namespace, registered, registration):
    """Where both are known. Tokens of this API server don't name the node yet; so they are signed here, with its key."""
    world.associate(world.role(), cluster=registered)
    web = cluster.pod(namespace, "web", "sa")["metadata"]

    def token(node, service_account, audience, pod, space):
        claims = {"namespace": space, "serviceaccount": {"name": service_account, "uid": "1"}, "pod": {"name": pod["name"], "uid": pod["uid"]}}
        claims |= {"node": {"name": node, "uid": f"uid of {node}"}} if node else {}
        return cluster.mint(aud=[audience], sub=f"system:serviceaccount:{space}:{service_account}", **{"kubernetes.io": claims})

    def exchanged(node_of_agent, node_of_pod):
        agents = token(node_of_agent, "podpass-agent", kubernetes.STS_AUDIENCE, {"name": "agent", "uid": "2"}, kubernetes.AGENTS)
        credentials = server.client("sts").assume_role_with_web_identity(
            RoleArn=registration["nodeRoleArn"], RoleSessionName="agent", WebIdentityToken=agents)["Credentials"]
        return refusal(server, registered, token(node_of_pod, "sa", kubernetes.POD_AUDIENCE, web, namespace), Keys.of(credentials))

    assert exchanged("node-a", "node-a") == ""
    assert exchanged("node-a", "node-b") == "AccessDeniedException"
    assert exchanged(None, "node-b") == "" and exchanged("node-a", None) == ""


# --- keys ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def second(server, second_cluster, name):
    """The second control plane, registered, with a service account and a pod that may have credentials; (its name, a way to a token)."""
    second_cluster.namespace(name)
    second_cluster.service_account(name, "sa")
    pod = second_cluster.pod(name, "web", "sa")
    server.register(f"{name}-second", second_cluster)
    yield f"{name}-second", lambda: second_cluster.token(name, "sa", pod)
    server.command("cluster", "deregister", f"{name}-second")


def test_two_clusters_with_one_issuer(server, world, cluster, namespace, registered, second):
    second, token_of_second = second
    for each in (registered, second):
        world.associate(world.role(), cluster=each)
    token_of_first = cluster.token(namespace, "sa", cluster.pod(namespace, "web", "sa"))
    tokens = {registered: token_of_first, second: token_of_second()}
    assert kubernetes.payload(tokens[registered])["iss"] == kubernetes.payload(tokens[second])["iss"]
    said = {(cluster_name, of): refusal(server, cluster_name, token) for cluster_name in tokens for of, token in tokens.items()}
    assert said == {(registered, registered): "", (second, second): "", (registered, second): "InvalidTokenException",
                    (second, registered): "InvalidTokenException"}


def test_two_clusters_with_one_issuer_have_different_nodes(server, cluster, second_cluster, registration, second, name):
    """They have one identity provider in IAM; the agent's role of one is not for the other's agents."""
    second_cluster.system_account("podpass-agent", kubernetes.AGENTS)
    cluster.system_account("podpass-agent", kubernetes.AGENTS)
    of_second = server.register(f"{name}-second", second_cluster)["nodeRoleArn"]

    def assume(role_arn, of):
        token = of.token(kubernetes.AGENTS, "podpass-agent", audience=kubernetes.STS_AUDIENCE)
        sts = server.client("sts")
        try:
            sts.assume_role_with_web_identity(RoleArn=role_arn, RoleSessionName="node", WebIdentityToken=token)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return ""

    assert assume(registration["nodeRoleArn"], cluster) == "" and assume(of_second, second_cluster) == ""
    assert assume(registration["nodeRoleArn"], second_cluster) == "AccessDenied"
    assert assume(of_second, cluster) == "AccessDenied"


def test_rotated_keys(server, world, second_cluster, second):
    """A key that is not known is looked for; one that is gone at the cluster is gone here.

    Anybody may read the keys of this cluster: a token of the server's own would end with the key that signed it.
    """
    second, token = second
    second_cluster.bind("system:unauthenticated", "system:service-account-issuer-discovery", kind="Group")
    server.command("cluster", "register", second, "--kubeconfig", second_cluster.kubeconfig())
    world.associate(world.role(), cluster=second)
    first = token()
    assert refusal(server, second, first) == ""
    second_cluster.rotate_signing_key(keep_old=True)
    eventually_is("", lambda: refusal(server, second, token()))
    assert refusal(server, second, first) == ""
    second_cluster.rotate_signing_key(keep_old=False)
    eventually_is("", lambda: refusal(server, second, token()))
    assert refusal(server, second, first) == "InvalidTokenException"


def test_an_api_server_that_is_down(server, world, second_cluster, second, name):
    """Signatures are checked with what is known; what only the cluster could say is refused for now."""
    second, token = second
    reviewed = f"{name}-reviewed"
    server.register(reviewed, second_cluster, "--token-review")
    for each in (second, reviewed):
        world.associate(world.role(), cluster=each)
    before = token()
    second_cluster.stop_api_server()
    assert refusal(server, second, before) == ""
    assert refusal(server, reviewed, before) == "ServiceUnavailableException"
    check = server.command("cluster", "check", second, check=False)
    assert check.returncode != 0 and "API server" in check.stdout
    second_cluster.start_api_server()
    eventually_is("", lambda: refusal(server, reviewed, before))
    server.command("cluster", "check", second)


def test_a_cluster_that_podpass_cannot_reach(server, world, cluster, namespace, name, tmp_path):
    """By its issuer and its keys in a file, as a person carries them over."""
    jwks = tmp_path / "jwks.json"
    jwks.write_text(cluster.kubectl("get --raw /openid/v1/jwks").stdout)
    carried = f"{name}-carried"
    server.command("cluster", "register", carried, "--issuer", kubernetes.ISSUER, "--jwks-file", jwks)
    world.associate(world.role(), cluster=carried)
    assert refusal(server, carried, cluster.token(namespace, "sa", cluster.pod(namespace, "web", "sa"))) == ""
    shown = server.command_json("cluster", "show", carried, "--json")
    assert "apiServerEndpoint" not in shown.get("registration", shown)


def test_aws_register_cluster_and_its_completion(server, world, cluster, namespace, name):
    """The AWS-shaped registration says only that a cluster will come."""
    connected = server.aws_json(f"eks register-cluster --name {name}-aws --connector-config roleArn={world.role()},provider=OTHER")["cluster"]
    assert connected["status"] == "PENDING"
    server.register(f"{name}-aws", cluster)
    assert server.client("eks").describe_cluster(name=f"{name}-aws")["cluster"]["status"] == "ACTIVE"
    world.associate(world.role(), cluster=f"{name}-aws")
    assert refusal(server, f"{name}-aws", cluster.token(namespace, "sa", cluster.pod(namespace, "web", "sa"))) == ""
    assert json.loads(server.aws(f"eks deregister-cluster --name {name}-aws").stdout)["cluster"]["name"] == f"{name}-aws"
