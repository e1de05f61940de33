"""deploy/kustomize and deploy/helm: built by the real tools, checked by rules, compared with each other and with the program."""

import copy
import re

import pytest
from manifests import BUILDS, by_key, helm, helm_notes, helm_template, key, kustomize, podpass, pods, run, without_checksums, without_hashes
from rules import findings


@pytest.fixture(scope="module")
def base():
    return kustomize("base")


@pytest.mark.parametrize("build", BUILDS)
def test_every_build_keeps_the_rules(build):
    assert findings(kustomize(build)) == []


# --- the rules can fail -----------------------------------------------------------------------------------------------

def find(things, kind, name):
    return next(thing for thing in things if thing["kind"] == kind and thing["metadata"]["name"] == name)


def container(things, kind, name, which="containers"):
    return find(things, kind, name)["spec"]["template"]["spec"][which][0]


BREAKS = [
    ("no limit of memory", lambda t: container(t, "StatefulSet", "podpass")["resources"].pop("limits")),
    ("no readinessProbe", lambda t: container(t, "DaemonSet", "podpass-agent").pop("readinessProbe")),
    ("may be another tomorrow", lambda t: container(t, "Deployment", "podpass-webhook").update(image="podpass:latest")),
    ("may run as root", lambda t: find(t, "StatefulSet", "podpass")["spec"]["template"]["spec"]["securityContext"].pop("runAsNonRoot")),
    ("is given PODPASS_PORT", lambda t: find(t, "StatefulSet", "podpass")["spec"]["template"]["spec"].pop("enableServiceLinks")),
    ("reaches every object", lambda t: find(t, "Role", "podpass-webhook")["rules"][0].pop("resourceNames")),
    ("has hostNetwork", lambda t: find(t, "Deployment", "podpass-webhook")["spec"]["template"]["spec"].update(hostNetwork=True)),
    ("['NET_ADMIN']", lambda t: container(t, "DaemonSet", "podpass-agent")["securityContext"]["capabilities"]["add"].append("NET_ADMIN")),
    ("is privileged", lambda t: container(t, "DaemonSet", "podpass-agent", "initContainers")["securityContext"].update(privileged=True)),
    ("declares ports", lambda t: container(t, "DaemonSet", "podpass-agent").update(ports=[{"name": "http", "containerPort": 80}])),
    ("no ConfigMap", lambda t: t.remove(next(x for x in t if x["kind"] == "ConfigMap"))),
    ("which is no volume", lambda t: container(t, "DaemonSet", "podpass-agent")["volumeMounts"][0].update(name="other")),
    ("which nothing sets", lambda t: container(t, "Deployment", "podpass-webhook")["args"].append("--x=$(NOBODY)")),
    ("selects 0 workloads", lambda t: find(t, "PodDisruptionBudget", "podpass-webhook")["spec"]["selector"]["matchLabels"].update(a="b")),
    ("but the pods serve", lambda t: find(t, "NetworkPolicy", "podpass")["spec"]["ingress"][0]["ports"][0].update(port=1)),
    ("has * in verbs", lambda t: find(t, "ClusterRole", "podpass-webhook")["rules"][0].update(verbs=["*"])),
    ("which is not there", lambda t: find(t, "ClusterRole", "podpass-webhook")["rules"][-1].update(resourceNames=["podpass-webhook-62mtggcf6m"])),
    ("is asked for pods of podpass-system", lambda t: find(t, "MutatingWebhookConfiguration", "podpass-webhook")["webhooks"][1]["namespaceSelector"]["matchExpressions"].pop(0)),
    ("does not enforce restricted", lambda t: find(t, "Namespace", "podpass-system")["metadata"]["labels"].clear()),
]


@pytest.mark.parametrize("said, break_it", BREAKS, ids=[said for said, _ in BREAKS])
def test_a_broken_rule_is_found(base, said, break_it):
    things = copy.deepcopy(base)
    break_it(things)
    assert any(said in finding for finding in findings(things)), findings(things)


# --- the chart --------------------------------------------------------------------------------------------------------

def same(left, right):
    left, right = by_key(left), by_key(right)
    assert sorted(left) == sorted(right)
    for name in left:
        assert left[name] == right[name], name


def test_the_chart_makes_what_the_kustomize_base_makes(base):
    # Helm makes the release's own namespace (--create-namespace), and a chart cannot.
    ours = [thing for thing in without_hashes(base) if key(thing) != ("Namespace", "", "podpass-system")]
    same(without_checksums(helm()), ours)


def test_the_chart_without_a_server_makes_what_the_overlay_makes():
    overlay = [thing for thing in without_hashes(kustomize("overlays/agent-and-webhook-only")) if key(thing) != ("Namespace", "", "podpass-system")]
    same(without_checksums(helm("--set", "server.enabled=false", "--set", "endpoint=https://podpass.example.com")), overlay)


def test_the_chart_in_another_namespace_keeps_the_rules():
    things = helm("--set", "agent.events=true,agent.namespace=podpass-agent", namespace="identity")
    assert findings(things) == []
    assert {thing["metadata"].get("namespace") for thing in things} == {None, "identity", "podpass-agent"}
    assert "https://podpass.identity.svc" in str(things) and "podpass-system" not in str(things)


def test_the_chart_with_events_makes_what_the_overlay_for_kind_makes():
    overlay = [thing for thing in without_hashes(kustomize("overlays/kind")) if key(thing) != ("Namespace", "", "podpass-system")]
    same(without_checksums(helm("--set", "agent.events=true,webhook.replicas=1,server.storage.size=1Gi")), overlay)


def test_an_account_for_token_review_is_the_same_in_both():
    def account(things):
        return [thing for thing in things if thing["metadata"]["name"] == "podpass-token-review"]

    same(account(helm("--set", "tokenReview.enabled=true")), account(kustomize("overlays/production")))
    assert len(account(kustomize("overlays/production"))) == 4 and account(helm()) == []


def test_pods_start_anew_when_their_settings_change():
    def checksums(*arguments):
        return {thing["kind"]: thing["spec"]["template"]["metadata"]["annotations"]["checksum/settings"] for thing, _, _ in pods(helm(*arguments))}

    before, after = checksums(), checksums("--set", "cluster=other")
    assert before["StatefulSet"] == after["StatefulSet"]
    assert before["Deployment"] != after["Deployment"] and before["DaemonSet"] != after["DaemonSet"]


def test_a_bundle_becomes_the_certificates_of_both_namespaces():
    bundle = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    found = by_key(helm("--set-string", "ca.bundle=" + bundle))
    for namespace in ("podpass-system", "podpass-agent"):
        assert found["ConfigMap", namespace, "podpass-ca"]["data"] == {"ca.crt": bundle}


def test_the_notes_name_what_is_to_be_done(tmp_path):
    notes = helm_notes(tmp_path)
    assert "create secret tls podpass-server-tls --namespace podpass-system" in notes
    assert notes.count("create configmap podpass-ca") == 2
    assert "podpass cluster register my-cluster" in notes
    elsewhere = helm_notes(tmp_path, "--set", "server.enabled=false,endpoint=https://podpass.example.com,ca.bundle=-----BEGIN CERTIFICATE-----")
    assert "https://podpass.example.com" in elsewhere and "create" not in elsewhere


@pytest.mark.parametrize("arguments, said", [
    (["--set", "webhok.replicas=3"], "webhok"),
    (["--set", "webhook.replicas=0"], "webhook.replicas"),
    (["--set", "account=111122223333"], "account"),  # a number
    (["--set", "cluster=my.cluster"], "cluster"),
    (["--set", "image.tag=a b"], "image.tag"),
    (["--set", "webhook.failurePolicy=Ignore"], "webhook.failurePolicy"),
    (["--set", "agent.resources.limits.memory=lots"], "agent.resources"),
    (["--set", "agent.resources.limits=null"], "agent.resources"),
    (["--set", "server.extraArgs={threads=4}"], "server.extraArgs"),
    (["--set", "endpoint=podpass.example.com"], "endpoint"),
    (["--set", "server.enabled=false"], "say where Podpass is"),
])
def test_wrong_values_are_refused(arguments, said):
    told = helm_template(*arguments)
    assert told.returncode != 0 and said in told.stderr, told.stderr


# --- the program ------------------------------------------------------------------------------------------------------

def test_the_program_has_every_command_flag_and_variable_that_is_used():
    things = kustomize("overlays/production")
    settings = by_key(things)
    helps = {}
    for thing, spec, _ in pods(things):
        for one in spec.get("initContainers", []) + spec["containers"]:
            command, *arguments = one["args"]
            if command not in helps:
                told = run(podpass(), command, "--help")
                assert told.returncode == 0, told.stderr
                helps[command] = told.stdout
            for argument in arguments:
                flag = argument.split("=")[0]
                assert re.search(rf"(^|[\s,]){re.escape(flag)}([\s,=]|$)", helps[command], re.MULTILINE), f"podpass {command} has no {flag}"
            for source in one.get("envFrom", []):
                for name in settings["ConfigMap", thing["metadata"]["namespace"], source["configMapRef"]["name"]]["data"]:
                    if name.startswith("PODPASS_"):
                        assert name in helps[command], f"podpass {command} does not read {name}"
    assert set(helps) == {"serve", "webhook", "agent"}
