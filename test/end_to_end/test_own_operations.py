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
    }
    for role, document in documents.items():
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(document, indent=4))
    roles = roles_of(server)
    assert [roles[role]["trusted"] for role in documents] == [True, False, True]
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
