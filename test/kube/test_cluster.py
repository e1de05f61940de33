"""The rig itself: what the other tests believe of it is so."""

import cluster as kubernetes
import pytest
from podpass_server import free_ports


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
    """The API server believes a token for ten seconds after it was reviewed; this one was not."""
    token = cluster.token(namespace, "sa", cluster.pod(namespace, "web", "sa"))
    cluster.delete_pod(namespace, "web")
    assert "authenticated" not in cluster.review(token)


def test_keys_are_published(cluster, namespace):
    kid = kubernetes.header(cluster.token(namespace, "sa"))["kid"]
    assert cluster.call("GET", "/.well-known/openid-configuration")["issuer"] == kubernetes.ISSUER
    assert [key["kid"] for key in cluster.call("GET", "/openid/v1/jwks")["keys"]] == [kid]


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


@pytest.mark.parametrize("keep_old", [True, False], ids=["keep-old", "drop-old"])
def test_rotation(tmp_path, keep_old):
    cluster = kubernetes.Cluster(tmp_path)
    try:
        cluster.start()
        cluster.service_account("default", "sa")
        before = cluster.token("default", "sa")
        cluster.rotate_signing_key(keep_old)
        after = cluster.token("default", "sa")
        assert kubernetes.header(before)["kid"] != kubernetes.header(after)["kid"]
        assert cluster.review(after)["authenticated"] is True
        assert cluster.review(before).get("authenticated", False) is keep_old
        assert len(cluster.call("GET", "/openid/v1/jwks")["keys"]) == (2 if keep_old else 1)
    finally:
        cluster.stop()


def test_a_webhook_that_is_not_there_is_ignored_or_not(cluster, namespace):
    """Admission webhooks are called, on loopback by URL."""
    [port] = free_ports(1)
    webhook = {
        "name": "absent.example.com", "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Fail", "timeoutSeconds": 1,
        "namespaceSelector": {"matchLabels": {"absent": "yes"}},
        "clientConfig": {"url": f"https://127.0.0.1:{port}/mutate"},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
    }
    path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
    cluster.call("POST", path, {"metadata": {"name": "absent"}, "webhooks": [webhook]})
    label = {"metadata": {"labels": {"absent": "yes"}}}
    cluster.call("PATCH", f"/api/v1/namespaces/{namespace}", label, "application/merge-patch+json")
    answer = cluster.request_pod(namespace, "web", "sa")
    assert answer.status == 500 and b"failed calling webhook" in answer.body
    cluster.call("DELETE", f"{path}/absent")
    cluster.pod(namespace, "web", "sa")
