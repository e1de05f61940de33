"""The webhook in a real cluster: what the API server has after it, and that no pod is missed."""

import base64
import copy
import json
import os
import shlex
import time

import certificates
import cluster as kubernetes
import expected_pod
import node as nodes
import pytest
import webhook as webhooks
from processes import eventually
from server import web_identity
from world import World

RACES = int(os.environ.get("PODPASS_RACES", "1000"))
RACE_SECONDS = 120

SERVICE_ACCOUNT = """\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: my-service-account
  namespace: {namespace}
"""

# Something of everything that a webhook might break.
RICH_POD = {
    "metadata": {"labels": {"app": "web"}, "annotations": {"eks.amazonaws.com/skip-containers": "left-alone"}},
    "initContainers": [
        {"name": "migrate", "image": "m", "command": ["true"]},
        {"name": "with-mounts", "image": "m", "volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}]},
    ],
    "containers": [
        {"name": "app", "image": "registry.example/app:1", "imagePullPolicy": "Always",
         "env": [{"name": "A", "value": "1"}, {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
         "envFrom": [{"configMapRef": {"name": "settings", "optional": True}}],
         "ports": [{"containerPort": 8080, "name": "http"}],
         "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
         "volumeMounts": [{"name": "scratch", "mountPath": "/scratch", "subPath": "a"}],
         "livenessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 7},
         "startupProbe": {"exec": {"command": ["true"]}, "failureThreshold": 30},
         "lifecycle": {"preStop": {"exec": {"command": ["sleep", "1"]}}},
         "securityContext": {"runAsNonRoot": True, "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}}},
        {"name": "left-alone", "image": "s"},
        {"name": "has-its-own", "image": "s", "env": [{"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": "http://127.0.0.1/mine"},
                                                      {"name": "AWS_REGION", "value": "eu-central-1"}]},
    ],
    "volumes": [{"name": "scratch", "emptyDir": {}}],
    "hostAliases": [{"ip": "127.0.0.1", "hostnames": ["here"]}],
    "tolerations": [{"key": "special", "operator": "Exists", "effect": "NoSchedule"}],
    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway",
                                   "labelSelector": {"matchLabels": {"app": "web"}}}],
    "terminationGracePeriodSeconds": 7,
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return certificates.Authority(tmp_path_factory.mktemp("webhook-pki"), "webhook authority")


@pytest.fixture
def make_webhook(server, cluster, registered, authority, name, tmp_path, webhook_env):
    """Makes webhooks, started, that ask the server and the control plane; they end with the test."""
    made = []

    def make(*flags, suffix="", hours=24):
        certificate, key = authority.issue(f"{name}{suffix}", "webhook", hosts=["127.0.0.1"], hours=hours)
        webhook = webhooks.Webhook(tmp_path, f"{name}{suffix}", webhook_env, "--cluster-name", registered, "--endpoint", server.endpoint,
                                   "--kubeconfig", cluster.kubeconfig(), "--tls-cert", certificate, "--tls-key", key, *flags)
        made.append(webhook)
        return webhook.start()

    yield make
    for webhook in made:
        webhook.kill()


@pytest.fixture
def webhook(make_webhook, cluster, authority):
    """One that is installed: its name is the namespace whose pods it sees."""
    made = make_webhook()
    webhooks.install(cluster, made, webhooks.by_url(made, authority.ca))
    return made


def settled(pod):
    """A pod without what is chance, or told by the API server about this one object."""
    pod = copy.deepcopy(pod)
    metadata = pod["metadata"]
    for name in ("uid", "creationTimestamp", "managedFields", "resourceVersion", "selfLink", "name"):
        metadata.pop(name, None)
    if metadata.get("labels", {}).pop(expected_pod.SKIP_LABEL, None) is not None and not metadata["labels"]:
        del metadata["labels"]
    text = json.dumps(pod)
    for volume in pod["spec"].get("volumes", []):
        if volume["name"].startswith("kube-api-access-"):
            text = text.replace(volume["name"], "kube-api-access")
    pod = json.loads(text)
    for volume in pod["spec"].get("volumes", []):
        source = volume.get("projected", {}).get("sources", [{}])[0].get("serviceAccountToken", {})
        if source.get("audience") == kubernetes.POD_AUDIENCE and source["expirationSeconds"] in expected_pod.JITTERED_SECONDS:
            source["expirationSeconds"] = "jittered"
    return pod


def untouched(cluster, namespace, service_account, metadata=None, **spec):
    """The same pod without the webhook: with the label that opts out."""
    metadata = copy.deepcopy(metadata or {})
    metadata.setdefault("labels", {})[expected_pod.SKIP_LABEL] = "true"
    answer = cluster.request_pod(namespace, "untouched", service_account, metadata, dry_run=True, **copy.deepcopy(spec))
    assert answer.status == 201, answer.body
    return settled(answer.json)


def is_given_identity(pod):
    return pod["metadata"].get("labels", {}).get("eks.amazonaws.com/pod-identity") == "enabled"


# --- the pod, whole --------------------------------------------------------------------------------------------------


def test_the_walkthrough(cluster, world, registered, webhook):
    """The service account of the user guide, an association, a pod: read back, it is what AWS documents and nothing else is changed."""
    namespace = webhook.name
    cluster.kubectl("apply -f -", stdin=SERVICE_ACCOUNT.format(namespace=namespace))
    world.associate(world.role(), "my-service-account", namespace, registered)
    cluster.kubectl("apply -f -", stdin=json.dumps({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "my-pod", "namespace": namespace},
        "spec": {"serviceAccountName": "my-service-account", "containers": [{"name": "my-app", "image": "public.ecr.aws/nginx/nginx:X.XX"}]}}))
    pod = json.loads(cluster.kubectl(f"get pod my-pod -n {namespace} -o json").stdout)
    [container] = pod["spec"]["containers"]
    assert container["env"] == [
        {"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": "http://169.254.170.23/v1/credentials"},
        {"name": "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
         "value": "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token"}]
    assert container["volumeMounts"][-1] == {
        "name": "eks-pod-identity-token", "readOnly": True, "mountPath": "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"}
    assert pod["metadata"]["labels"] == {"eks.amazonaws.com/pod-identity": "enabled"}
    pod["metadata"]["annotations"].pop("kubectl.kubernetes.io/last-applied-configuration")
    del pod["metadata"]["annotations"]
    plain = untouched(cluster, namespace, "my-service-account", containers=[{"name": "my-app", "image": "public.ecr.aws/nginx/nginx:X.XX"}])
    assert settled(pod) == expected_pod.pod_identity(plain)


@pytest.mark.parametrize("annotations", [{}, {"eks.amazonaws.com/token-expiration": "7200"}, {"eks.amazonaws.com/token-expiration": "10"}])
def test_a_rich_pod_keeps_all_that_it_had(cluster, world, registered, webhook, annotations):
    namespace = webhook.name
    cluster.service_account(namespace, "sa")
    rich = copy.deepcopy(RICH_POD)
    rich["metadata"]["annotations"] |= annotations
    world.associate(world.role(), "sa", namespace, registered)
    mutated = cluster.pod(namespace, "rich", "sa", **copy.deepcopy(rich))
    assert settled(mutated) == expected_pod.pod_identity(untouched(cluster, namespace, "sa", **rich))


def test_a_region(cluster, world, registered, make_webhook, authority):
    webhook = make_webhook("--aws-default-region", "us-west-2")
    webhooks.install(cluster, webhook, webhooks.by_url(webhook, authority.ca))
    cluster.service_account(webhook.name, "sa")
    world.associate(world.role(), "sa", webhook.name, registered)
    mutated = cluster.pod(webhook.name, "rich", "sa", **copy.deepcopy(RICH_POD))
    assert settled(mutated) == expected_pod.pod_identity(untouched(cluster, webhook.name, "sa", **RICH_POD), "us-west-2")


def test_roles_in_annotations(cluster, world, registered, webhook):
    """IAM roles for service accounts; an association goes first."""
    namespace, role = webhook.name, "arn:aws:iam::111122223333:role/irsa"
    for service_account in ("irsa", "both"):
        cluster.service_account(namespace, service_account, {"eks.amazonaws.com/role-arn": role})
    world.associate(world.role(), "both", namespace, registered)
    mutated = cluster.pod(namespace, "irsa", "irsa", **copy.deepcopy(RICH_POD))
    assert settled(mutated) == expected_pod.web_identity(untouched(cluster, namespace, "irsa", **RICH_POD), role)
    mutated = cluster.pod(namespace, "both", "both", **copy.deepcopy(RICH_POD))
    assert settled(mutated) == expected_pod.pod_identity(untouched(cluster, namespace, "both", **RICH_POD))


def test_pods_without_an_identity_are_left_alone(cluster, webhook):
    pod = cluster.pod(webhook.name, "plain", "nobody", **copy.deepcopy(RICH_POD))
    assert settled(pod) == untouched(cluster, webhook.name, "nobody", **RICH_POD)


def test_a_second_webhook_that_changes_the_pod(cluster, world, registered, make_webhook, authority):
    """The API server asks again after others changed the pod (reinvocation): the patch is not made twice."""
    first, second = make_webhook(), make_webhook("--aws-default-region", "us-west-2", suffix="-second")
    config = webhooks.configuration(first.name, webhooks.by_url(first, authority.ca))
    again = webhooks.configuration(first.name, webhooks.by_url(second, authority.ca))["webhooks"][0]
    config["webhooks"].append(again | {"name": "again.podpass.dev"})
    cluster.namespace(first.name, labels={webhooks.LABEL: first.name})
    cluster.service_account(first.name, "sa")
    world.associate(world.role(), "sa", first.name, registered)
    cluster.call("POST", webhooks.CONFIGURATIONS, config)
    eventually(lambda: cluster.request_pod(first.name, "probe", "sa", dry_run=True) and second.mutations() > 0)
    before = first.mutations()
    mutated = cluster.pod(first.name, "web", "sa")
    assert first.mutations() == before + 2  # the second one added the region, so the first one was asked again
    once = expected_pod.pod_identity(untouched(cluster, first.name, "sa"))
    env = once["spec"]["containers"][0]["env"]
    env += [{"name": "AWS_DEFAULT_REGION", "value": "us-west-2"}, {"name": "AWS_REGION", "value": "us-west-2"}]
    assert settled(mutated) == once


def test_native_sidecars(webhook, world, registered, authority, tmp_path):
    """An API server of this age drops what it does not know; so the review is sent as a newer one would."""
    world.associate(world.role(), "sa", webhook.name, registered)
    sidecar = {"name": "proxy", "image": "p", "restartPolicy": "Always", "resizePolicy": [{"resourceName": "cpu", "restartPolicy": "NotRequired"}]}
    pod = {"metadata": {"name": "web", "futureField": {"a": [1, 2.5, None]}},
           "spec": {"serviceAccountName": "sa", "initContainers": [sidecar], "containers": [{"name": "app", "image": "a"}],
                    "somethingNew": {"b": "c"}}}
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "1", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "resource": {"group": "", "version": "v1", "resource": "pods"},
        "operation": "CREATE", "namespace": webhook.name, "object": pod}}
    status, text = webhook.post(json.dumps(review), authority.ca)
    answer = json.loads(text)["response"]
    assert status == 200 and answer["allowed"] is True
    patched = applied(pod, json.loads(base64.b64decode(answer["patch"])))
    assert settled(patched) == expected_pod.pod_identity(settled(pod), defaulted=False)
    assert patched["spec"]["initContainers"][0]["restartPolicy"] == "Always" and patched["metadata"]["futureField"] == {"a": [1, 2.5, None]}


def applied(document, patch):
    """RFC 6902, as far as webhooks need it: additions."""
    document = copy.deepcopy(document)
    for operation in patch:
        assert operation["op"] == "add", operation
        *way, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        place = document
        for part in way:
            place = place[int(part)] if isinstance(place, list) else place[part]
        if isinstance(place, list):
            place.insert(len(place) if last == "-" else int(last), operation["value"])
        else:
            place[last] = operation["value"]
    return document


# --- none is missed --------------------------------------------------------------------------------------------------


def test_the_race(server, cluster, world, registered, webhook):
    """An association is created and a pod at once after it: 1,000 times in a row, and each pod has its identity."""
    namespace = webhook.name
    role = world.role()
    eks = server.client("eks")
    accounts = [f"sa-{number}" for number in range(RACES)]
    for account in accounts:
        cluster.service_account(namespace, account)
    missed = []
    begin = time.monotonic()
    for account in accounts:
        eks.create_pod_identity_association(clusterName=registered, namespace=namespace, serviceAccount=account, roleArn=role)
        if not is_given_identity(cluster.pod(namespace, account, account)):
            missed.append(account)
    took = time.monotonic() - begin
    print(f"{RACES} races in {took:.1f} s")
    assert not missed
    assert took < RACE_SECONDS * max(1, RACES / 1000)


def test_a_deleted_association(server, cluster, world, registered, webhook):
    namespace = webhook.name
    cluster.service_account(namespace, "sa")
    association = world.associate(world.role(), "sa", namespace, registered)
    assert is_given_identity(cluster.pod(namespace, "before", "sa"))
    server.client("eks").delete_pod_identity_association(clusterName=registered, associationId=association["associationId"])
    eventually(lambda: not is_given_identity(cluster.request_pod(namespace, "after", "sa", dry_run=True).json), seconds=5)


# --- what breaks -----------------------------------------------------------------------------------------------------


def test_restart_of_the_webhook(cluster, world, registered, webhook):
    """While it is away the configuration's failurePolicy counts; when it is back all is as it was."""
    namespace = webhook.name
    cluster.service_account(namespace, "sa")
    world.associate(world.role(), "sa", namespace, registered)
    webhook.stop()
    assert not is_given_identity(cluster.pod(namespace, "ignored", "sa"))
    patch = [{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Fail"}]
    cluster.call("PATCH", f"{webhooks.CONFIGURATIONS}/{namespace}", patch, "application/json-patch+json")
    eventually(lambda: b"failed calling webhook" in cluster.request_pod(namespace, "refused", "sa", dry_run=True).body)
    webhook.start()
    assert is_given_identity(cluster.pod(namespace, "back", "sa"))
    webhook.kill()
    webhook.start()
    assert is_given_identity(cluster.pod(namespace, "killed", "sa"))


def test_restart_of_the_server(make_server, cluster, authority, name, tmp_path):
    """While it is away: who is known keeps the identity; who is not known goes by the namespace's failure policy, and it is told."""
    server = make_server()
    registration = server.register("onprem", cluster)
    world = World(server, name)
    certificate, key = authority.issue(name, "webhook", hosts=["127.0.0.1"])
    env = web_identity(server, cluster, registration["webhookRoleArn"], "podpass-webhook", name)
    webhook = webhooks.Webhook(tmp_path, name, env, "--cluster-name", "onprem", "--endpoint", server.endpoint, "--kubeconfig",
                               cluster.kubeconfig(), "--tls-cert", certificate, "--tls-key", key, "--lookup-timeout", "1s").start()
    try:
        webhooks.install(cluster, webhook, webhooks.by_url(webhook, authority.ca))
        strict = f"{name}-strict"
        cluster.namespace(strict, labels={webhooks.LABEL: name}, annotations={"podpass.dev/failure-policy": "fail"})
        for account in ("known", "unknown"):
            cluster.service_account(name, account)
            cluster.service_account(strict, account)
        world.associate(world.role(), "known", name, "onprem")
        assert is_given_identity(cluster.pod(name, "before", "known"))

        assert server.stop() == 0
        assert is_given_identity(cluster.pod(name, "known", "known"))
        run = f"run lenient -n {name} --image=a --restart=Never --overrides=" + shlex.quote('{"spec":{"serviceAccountName":"unknown"}}')
        lenient = cluster.kubectl(run)
        assert "Warning: podpass: pod admitted without credentials" in lenient.stderr
        assert not is_given_identity(cluster.get_pod(name, "lenient"))
        events = f"/api/v1/namespaces/{name}/events"
        eventually(lambda: "PodIdentityUnknown" in [event["reason"] for event in cluster.call("GET", events)["items"]])
        refused = cluster.request_pod(strict, "strict", "unknown")
        assert refused.status == 503 and "pod refused" in refused.json["message"], refused.body

        server.start()
        world.associate(world.role(), "unknown", name, "onprem")
        assert is_given_identity(cluster.pod(name, "after", "unknown"))
        assert cluster.request_pod(strict, "strict", "unknown").status == 201
    finally:
        webhook.kill()


def test_an_expired_certificate(cluster, world, registered, make_webhook, authority):
    """The API server calls no webhook whose certificate has expired; a new one in the files is taken without a restart."""
    webhook = make_webhook(hours=-1)
    config = webhooks.configuration(webhook.name, webhooks.by_url(webhook, authority.ca), failure_policy="Fail")
    cluster.call("POST", webhooks.CONFIGURATIONS, config)
    namespace = webhook.name
    cluster.namespace(namespace, labels={webhooks.LABEL: namespace})
    cluster.service_account(namespace, "sa")
    world.associate(world.role(), "sa", namespace, registered)
    eventually(lambda: b"certificate has expired" in cluster.request_pod(namespace, "refused", "sa", dry_run=True).body)
    authority.issue(namespace, "webhook", hosts=["127.0.0.1"])
    eventually(lambda: cluster.request_pod(namespace, "fresh", "sa", dry_run=True).status == 201)
    assert is_given_identity(cluster.pod(namespace, "fresh", "sa"))


@pytest.mark.parametrize("form", ["url", "service"])
def test_self_signed(server, cluster, world, registered, webhook_env, name, tmp_path, form):
    """It makes its certificate, writes the authority into its configuration, and keeps both over a restart."""
    system, service = f"{name}-system", "podpass-webhook"
    flags = ["--cluster-name", registered, "--endpoint", server.endpoint, "--kubeconfig", cluster.kubeconfig(), "--self-signed",
             "--service-name", service, "--namespace", system, "--tls-secret", "certificate", "--webhook-configuration", name]

    def bundle():
        return cluster.call("GET", f"{webhooks.CONFIGURATIONS}/{name}")["webhooks"][0]["clientConfig"].get("caBundle")

    def is_mutated():
        return is_given_identity(cluster.request_pod(name, "web", "sa", dry_run=True).json)

    with nodes.Namespace(tmp_path, name) as link:  # for an address of the host that is not loopback's, which Endpoints can't have
        webhook = webhooks.Webhook(tmp_path, name, webhook_env, *flags, address="127.0.0.1" if form == "url" else link.gateway)
        cluster.namespace(system)
        cluster.service(system, service, link.gateway, webhook.port)
        reference = {"service": {"namespace": system, "name": service, "path": "/mutate"}}
        client_config = {"url": webhook.url} if form == "url" else reference
        cluster.call("POST", webhooks.CONFIGURATIONS, webhooks.configuration(name, client_config))
        cluster.namespace(name, labels={webhooks.LABEL: name})
        cluster.service_account(name, "sa")
        world.associate(world.role(), "sa", name, registered)
        try:
            webhook.start()
            eventually(is_mutated)
            first = bundle()
            secret = cluster.call("GET", f"/api/v1/namespaces/{system}/secrets/certificate")["data"]
            assert secret["ca.crt"] == first
            webhook.kill()
            webhook.start()
            assert bundle() == first and is_mutated()
        finally:
            webhook.kill()
