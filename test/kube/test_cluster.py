"""The rig itself: what the other tests believe of it is so."""

import cluster as kubernetes
from podpass_server import free_ports
from processes import eventually


def kid(token):
    return kubernetes.header(token)["kid"]


def test_tokens_are_bound_to_their_pod(cluster, namespace):
    pod = cluster.pod(namespace, "web", "sa")
    token = cluster.token(namespace, "sa", pod)
    claims = kubernetes.payload(token)
    assert claims["iss"] == kubernetes.ISSUER and claims["aud"] == ["pods.eks.amazonaws.com"]
    assert claims["sub"] == f"system:serviceaccount:{namespace}:sa"
    assert claims["kubernetes.io"]["pod"] == {"name": "web", "uid": pod["metadata"]["uid"]}
    assert claims["exp"] - claims["iat"] == 86400
    assert cluster.review(token)["authenticated"] is True


def test_tokens_end_with_their_pod(cluster, namespace):
    """Soon. The API server believes a token for ten seconds after it was reviewed, so each of these is reviewed once."""
    tokens = cluster.tokens(namespace, "sa", cluster.pod(namespace, "web", "sa"))
    cluster.delete_pod(namespace, "web")
    eventually(lambda: "authenticated" not in cluster.review(tokens.pop()))


def test_keys_are_published(cluster, namespace):
    assert cluster.call("GET", "/.well-known/openid-configuration")["issuer"] == kubernetes.ISSUER
    assert [key["kid"] for key in cluster.call("GET", "/openid/v1/jwks")["keys"]] == [kid(cluster.token(namespace, "sa"))]


def test_pods_get_the_token_of_the_api_like_in_newer_kubernetes(cluster, namespace):
    pod = cluster.pod(namespace, "web", "sa")
    assert pod["status"]["phase"] == "Pending"
    [volume] = pod["spec"]["volumes"]
    assert volume["projected"]["sources"][0] == {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}


def test_kubectl_and_rbac(cluster, namespace):
    assert cluster.kubectl(f"get serviceaccount sa -n {namespace} -o name").stdout == "serviceaccount/sa\n"
    limited = cluster.kubeconfig("limited")
    refused = cluster.kubectl("get pods -n default", check=False, kubeconfig=limited)
    assert refused.returncode != 0 and 'User "limited" cannot list resource "pods"' in refused.stderr
    cluster.allow("limited", {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]})
    cluster.kubectl("get pods -n default", kubeconfig=limited)


def test_rotation(second_cluster, name):
    def token():
        return second_cluster.token(name, "sa")

    def published():
        return [key["kid"] for key in second_cluster.call("GET", "/openid/v1/jwks")["keys"]]

    second_cluster.namespace(name)
    second_cluster.service_account(name, "sa")
    first = token()
    second_cluster.rotate_signing_key(keep_old=True)
    second = token()
    assert published()[:2] == [kid(second), kid(first)]
    assert second_cluster.review(first)["authenticated"] is True
    second_cluster.rotate_signing_key(keep_old=False)
    third = token()
    assert published() == [kid(third)]
    assert "authenticated" not in second_cluster.review(second) and second_cluster.review(third)["authenticated"] is True


def test_admission_webhooks_are_called(cluster, namespace):
    """On loopback by URL; a configuration is obeyed soon after it was made and until soon after it was deleted."""
    [port] = free_ports(1)
    webhook = {
        "name": "absent.example.com", "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Fail",
        "namespaceSelector": {"matchLabels": {"absent": "yes"}},
        "clientConfig": {"url": f"https://127.0.0.1:{port}/mutate"},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
    }
    label = {"metadata": {"labels": {"absent": "yes"}}}
    cluster.call("PATCH", f"/api/v1/namespaces/{namespace}", label, "application/merge-patch+json")
    path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
    cluster.call("POST", path, {"metadata": {"name": "absent"}, "webhooks": [webhook]})
    eventually(lambda: b"failed calling webhook" in cluster.request_pod(namespace, "web", "sa", dry_run=True).body)
    cluster.call("DELETE", f"{path}/absent")
    eventually(lambda: cluster.request_pod(namespace, "web", "sa", dry_run=True).status == 201)
