"""deploy/ on a real API server: every object is taken, and the roles permit what the parts do, and no more."""

import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "deploy"))  # manifests: what kubectl and helm make

import manifests  # noqa: E402

# What this API server, Kubernetes 1.20, does not know yet, and what it knows instead with the same fields.
OLDER = {("policy/v1", "PodDisruptionBudget"): "policy/v1beta1"}
SYSTEM, AGENT = "podpass-system", "podpass-agent"


def listed(things):
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": things})


def as_known(things):
    """The same objects in the versions that the server has, and the kinds for which that made a difference."""
    changed, older = [], set()
    for thing in things:
        what = (thing["apiVersion"], thing["kind"])
        if what in OLDER:
            older.add(what)
            thing = thing | {"apiVersion": OLDER[what]}
        changed.append(thing)
    return changed, older


@pytest.fixture(scope="module")
def namespaces(cluster):
    cluster.kubectl("apply -f -", stdin=listed(manifests.kustomize("base/namespaces")))


@pytest.fixture(scope="module")
def installed(cluster, namespaces):
    """The base without its workloads, for which there is no kubelet, and without the webhook, for whose answer other tests' pods would wait."""
    left_out = ("Deployment", "StatefulSet", "DaemonSet", "MutatingWebhookConfiguration")
    things, _ = as_known([thing for thing in manifests.kustomize("base") if thing["kind"] not in left_out])
    more = [thing for thing in manifests.kustomize("overlays/production") if thing["metadata"]["name"] in ("podpass-agent-events", "podpass-token-review")]
    cluster.kubectl("apply -f -", stdin=listed(things + more))


@pytest.mark.parametrize("build", [*manifests.BUILDS, "chart"])
def test_the_api_server_takes_every_object(cluster, namespaces, build):
    things = manifests.helm("--set", "agent.events=true,tokenReview.enabled=true") if build == "chart" else manifests.kustomize(build)
    versions = set(cluster.kubectl("api-versions").stdout.split())
    things, older = as_known(things)
    for version, kind in older:
        assert version not in versions, f"the server knows {version} now: take it out of OLDER"
        print(f"NOT PROVEN: {kind} of {version}, which this API server does not know; {OLDER[version, kind]} was asked instead")
    done = cluster.kubectl("apply --dry-run=server --validate=true -f -", stdin=listed(things))
    assert len(done.stdout.split("\n")) - 1 == len(things), done.stdout
    # Other tests may have created some of them in another way than by apply.
    assert all("last-applied-configuration" in line for line in done.stderr.splitlines()), done.stderr


def test_an_object_with_a_field_too_many_is_refused(cluster, namespaces):
    """What the test above is worth."""
    service = next(thing for thing in manifests.kustomize("base") if thing["kind"] == "Service")
    service["spec"]["porst"] = service["spec"]["ports"]
    assert "porst" in cluster.kubectl("apply --dry-run=server --validate=true -f -", stdin=listed([service]), check=False).stderr


WEBHOOK = f"system:serviceaccount:{SYSTEM}:podpass-webhook"
MAY = [
    (WEBHOOK, "watch serviceaccounts --all-namespaces", "yes"),
    (WEBHOOK, "get namespaces", "yes"),
    (WEBHOOK, "create events -n default", "yes"),
    (WEBHOOK, "patch mutatingwebhookconfigurations/podpass-webhook", "yes"),
    (WEBHOOK, "patch mutatingwebhookconfigurations/another", "no"),
    (WEBHOOK, "delete mutatingwebhookconfigurations/podpass-webhook", "no"),
    (WEBHOOK, f"update secrets/podpass-webhook-tls -n {SYSTEM}", "yes"),
    (WEBHOOK, f"get secrets/podpass-server-tls -n {SYSTEM}", "no"),
    (WEBHOOK, f"list secrets -n {SYSTEM}", "no"),
    (WEBHOOK, "get secrets -n default", "no"),
    (WEBHOOK, "get pods -n default", "no"),
    (WEBHOOK, "create serviceaccounts --subresource=token -n default", "no"),
    (f"system:serviceaccount:{AGENT}:podpass-agent", "create events -n default", "yes"),
    (f"system:serviceaccount:{AGENT}:podpass-agent", "get pods -n default", "no"),
    (f"system:serviceaccount:{SYSTEM}:podpass-token-review", "create tokenreviews", "yes"),
    (f"system:serviceaccount:{SYSTEM}:podpass-token-review", "get /openid/v1/jwks", "yes"),
    (f"system:serviceaccount:{SYSTEM}:podpass-token-review", "create subjectaccessreviews", "no"),
    (f"system:serviceaccount:{SYSTEM}:podpass-token-review", "list serviceaccounts -n default", "yes"),
    (f"system:serviceaccount:{SYSTEM}:podpass-token-review", "get serviceaccounts -n default", "no"),
    (f"system:serviceaccount:{SYSTEM}:podpass", "create events -n default", "no"),
    (f"system:serviceaccount:{SYSTEM}:podpass", f"get secrets -n {SYSTEM}", "no"),
]


@pytest.mark.parametrize("who, what, answer", MAY, ids=[f"{who.split(':')[-1]} {what}" for who, what, _ in MAY])
def test_roles_permit_what_is_needed_and_no_more(cluster, installed, who, what, answer):
    assert cluster.kubectl(f"auth can-i {what} --as={who}", check=False).stdout.strip() == answer
