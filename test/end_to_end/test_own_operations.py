"""What the console asks, by signed requests: roles for pods, activity, policies, service accounts."""

import http.client
import json
import time
import urllib.parse

import pytest

from podpass_server import ACCOUNT, CLUSTER, Keys, Podpass, allow, trust


def ask(server, path, body=None, keys=None, status=200, **query):
    path += "?" + urllib.parse.urlencode(query) if query else ""
    text = json.dumps(body) if body is not None else ""
    answer = server.signed("podpass", "POST" if body is not None else "GET", path, text, {"Content-Type": "application/json"} if text else {}, keys)
    assert answer.status == status, answer.text
    return answer.json


def activity(server, until, **query):
    """Asks until the records are there: they are written a moment later."""
    end = time.monotonic() + 20
    while not until((answer := ask(server, "/activity", **query))["records"]):
        assert time.monotonic() < end, answer
        ask(server, "/activity", after=answer["newest"], waitSeconds=1)
    return answer


def roles_of(server, **query):
    roles = []
    while True:
        answer = ask(server, "/pod-identity-roles", maxResults=2, **query)
        assert len(answer["roles"]) <= 2
        roles += answer["roles"]
        if "nextToken" not in answer:
            return {role["roleName"]: role for role in roles}
        query["nextToken"] = answer["nextToken"]


def test_which_roles_let_pods_in_and_what_is_suggested_works(server, name):
    iam = server.client("iam")
    eks = server.client("eks")
    documents = {
        f"{name}-good": trust(),
        f"{name}-other": trust(Principal={"Service": "ec2.amazonaws.com"}),
        f"{name}-prod": trust(Condition={"StringEquals": {"aws:RequestTag/kubernetes-namespace": "prod"}}),
        f"{name}-untagged": trust(Action="sts:AssumeRole"),
    }
    for role, document in documents.items():
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(document, indent=4))
    roles = roles_of(server)
    assert [roles[role]["trusted"] for role in documents] == [True, False, True, False]
    assert roles_of(server, disableSessionTags="true")[f"{name}-untagged"]["trusted"]
    other = roles[f"{name}-other"]
    assert [reason["action"] for reason in other["reasons"]] == ["sts:AssumeRole", "sts:TagSession"]
    assert "no statement is for pods.eks.amazonaws.com" in other["reasons"][0]["message"]
    with pytest.raises(eks.exceptions.InvalidParameterException, match="Trust policy"):
        eks.create_pod_identity_association(clusterName=CLUSTER, namespace=name, serviceAccount="other", roleArn=other["arn"])
    before = json.dumps(documents[f"{name}-other"], indent=4)
    statement = before.rindex("}", 0, before.rindex("]")) + 1
    suggested = other["suggestedTrustPolicy"]
    assert suggested.startswith(before[:statement] + ",\n        {\n            \"Effect\"") and suggested.endswith(before[statement:]), suggested
    iam.update_assume_role_policy(RoleName=f"{name}-other", PolicyDocument=suggested)
    eks.create_pod_identity_association(clusterName=CLUSTER, namespace=name, serviceAccount="other", roleArn=other["arn"])
    assert server.pod_keys(name, "other").access_key.startswith("ASIA")

    pod = {"clusterName": CLUSTER, "namespace": name, "serviceAccount": "prod"}
    prod = roles_of(server, **pod)[f"{name}-prod"]
    assert not prod["trusted"]
    assert prod["reasons"][0]["message"].endswith(f"StringEquals aws:RequestTag/kubernetes-namespace wants 'prod', the pod has '{name}'.")
    line = prod["trustPolicy"].splitlines()[prod["reasons"][0]["line"] - 1]
    assert line[prod["reasons"][0]["column"] - 1 :].startswith('"prod"'), line
    eks.create_pod_identity_association(**pod, roleArn=prod["arn"])
    assert server.ask_agent(server.mint(name, "prod")).status == 400
    iam.update_assume_role_policy(RoleName=f"{name}-prod", PolicyDocument=prod["suggestedTrustPolicy"])
    assert server.pod_keys(name, "prod").access_key.startswith("ASIA")
    eks.create_pod_identity_association(clusterName=CLUSTER, namespace=name, serviceAccount="another", roleArn=prod["arn"])
    assert server.ask_agent(server.mint(name, "another")).status == 400  # it lets in no more than was asked for


def test_a_thousand_roles_are_answered_quickly(tmp_path):
    server = Podpass(tmp_path).start()
    try:
        iam = server.client("iam")
        document = json.dumps(trust(Condition={"StringEquals": {"aws:RequestTag/kubernetes-namespace": "prod"}}))
        for number in range(990):
            iam.create_role(RoleName=f"r{number:04}", AssumeRolePolicyDocument=document)
        begin = time.monotonic()
        answer = ask(server, "/pod-identity-roles", maxResults=1000, clusterName=CLUSTER, namespace="a", serviceAccount="b")
        took = time.monotonic() - begin
        assert len([role for role in answer["roles"] if role.get("suggestedTrustPolicy")]) >= 990
        assert took < 3, took
        print(f"990 roles, none of which lets the pod in: {took:.3f} s")
    finally:
        assert server.stop() == 0


def test_activity_is_followed_and_survives_a_restart(tmp_path):
    server = Podpass(tmp_path).start()
    try:
        server.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust()))
        made = server.client("eks").create_pod_identity_association(
            clusterName=CLUSTER, namespace="ns", serviceAccount="sa", roleArn=f"arn:aws:iam::{ACCOUNT}:role/r")["association"]
        keys = server.pod_keys("ns", "sa")
        with pytest.raises(Exception, match="AccessDenied"):
            server.client("s3", keys).list_buckets()
        denied = activity(server, len, outcome="denied", roleArn=f"arn:aws:iam::{ACCOUNT}:role/r")
        assert [record["eventName"] for record in denied["records"]] == ["ListBuckets"]
        exchanges = activity(server, len, associationId=made["associationId"], eventName="AssumeRoleForPodIdentity")
        facts = exchanges["records"][0]["additionalEventData"]
        assert facts["serviceAccount"] == "sa"
        text = json.dumps(activity(server, len))
        for secret in (keys.secret_key, keys.token, server.root_keys().secret_key):
            assert secret not in text

        # what comes is told to who waits
        newest = activity(server, len)["newest"]
        begin = time.monotonic()
        while True:
            answer = ask(server, "/activity", after=newest, waitSeconds=1)
            newest = answer["newest"]
            if not answer["records"]:
                break
        assert 0.9 < time.monotonic() - begin < 20
        lines = (server.data_dir / "audit.jsonl").read_text().count("\n")
        for _ in range(3):
            newest = ask(server, "/activity", after=newest, waitSeconds=1)["newest"]
        assert (server.data_dir / "audit.jsonl").read_text().count("\n") == lines  # reading leaves no trace each time

        path = f"/clusters/{CLUSTER}/pod-identity-associations/{made['associationId']}/activity"
        counts = ask(server, path, hours=2)
        assert counts["exchanges"] == 1 and counts["denials"] == 0
        assert abs(counts["lastUsedAt"] - time.time()) < 120
        assert server.stop() == 0
        server.start()
        again = ask(server, path, hours=2)
        assert again["exchanges"] == 1 and again["lastUsedAt"] == counts["lastUsedAt"] and again["countedSince"] <= counts["countedSince"] + 1
        assert [record["eventName"] for record in activity(server, len, outcome="denied")["records"]] == ["ListBuckets"]
        ask(server, "/activity", after=newest, status=400)  # of another run
    finally:
        server.stop()


def test_a_wait_does_not_hold_up_the_stop(tmp_path):
    server = Podpass(tmp_path).start()
    newest = activity(server, len)["newest"]
    while (answer := ask(server, "/activity", after=newest))["newest"] != newest:
        newest = answer["newest"]
    path = "/activity?" + urllib.parse.urlencode({"after": newest, "waitSeconds": 20})
    connection = http.client.HTTPConnection(*server.endpoint.removeprefix("http://").split(":"), timeout=30)
    connection.request("GET", path, headers=server.sign("podpass", "GET", path))
    begin = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begin < 10
    connection.close()


def test_policies_are_looked_at_and_actions_completed(server):
    document = json.dumps(allow("s3:GetObjct", "*"), indent=2)
    findings = ask(server, "/policy-validation", {"document": document, "kind": "identity"})["findings"]
    assert [(finding["severity"], finding["line"]) for finding in findings] == [("warning", 6)]
    assert ask(server, "/policy-validation", {"document": json.dumps(trust()), "kind": "trust"}) == {"findings": []}
    assert ask(server, "/policy-validation", {"document": "{", "kind": "x"}, status=400)["message"].startswith("kind:")
    assert ask(server, "/policy-actions", prefix="eks-auth:") == {"actions": ["eks-auth:AssumeRoleForPodIdentity"]}
    assert "s3:" in ask(server, "/policy-actions", prefix="s3")["actions"]


def test_service_accounts_are_those_that_associations_name(server, name):
    server.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust()))
    server.client("eks").create_pod_identity_association(clusterName=CLUSTER, namespace=name, serviceAccount="sa",
                                                         roleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}")
    answer = ask(server, f"/clusters/{CLUSTER}/service-accounts")
    assert answer["source"] == "associations" and answer["note"]
    assert {"name": name, "serviceAccounts": ["sa"]} in answer["namespaces"]


@pytest.mark.parametrize("method, path, body", [
    ("GET", "/pod-identity-roles", None), ("GET", "/activity", None), ("GET", "/policy-actions", None),
    ("GET", f"/clusters/{CLUSTER}/pod-identity-associations/a-x/activity", None),
    ("POST", "/policy-validation", {"document": "{}", "kind": "trust"}), ("GET", f"/clusters/{CLUSTER}/service-accounts", None)])
def test_without_permission_nothing_is_told(server, name, method, path, body):
    iam = server.client("iam")
    iam.create_user(UserName=name)
    keys = Keys.of(iam.create_access_key(UserName=name)["AccessKey"])
    message = ask(server, path, body, keys, status=403)["message"]
    assert f"User: arn:aws:iam::{ACCOUNT}:user/{name} is not authorized to perform: podpass:" in message
