"""IAM's policy simulation through the aws CLI and boto3: answers as AWS's documentation shows them, pages, refusals, and that a
simulation and the real call say the same."""

import json
import shlex

import botocore.exceptions
import pytest

from podpass_server import ACCOUNT, TRUST, allow

ME = f"arn:aws:iam::{ACCOUNT}:user/mateo"
DATED = allow("dynamodb:*", "*", Condition={"DateGreaterThan": {"aws:CurrentTime": "2018-08-16T12:00:00Z"}})


def one(answer):
    """The one result of an answer."""
    assert len(answer["EvaluationResults"]) == 1 and answer.get("IsTruncated", False) is False, answer
    return answer["EvaluationResults"][0]


def decisions(answer):
    return {result["EvalActionName"]: result["EvalDecision"] for result in answer["EvaluationResults"]}


# --- the CLI -----------------------------------------------------------------------------------------------------------


def test_custom_policy_by_the_cli(server):
    """The example of the CLI's reference: a single statement in one line, and a date that decides."""
    document = json.dumps({"Version": "2012-10-17", "Statement": DATED["Statement"][0]}, separators=(",", ":"))
    command = (f"iam simulate-custom-policy --policy-input-list {shlex.quote(document)} --action-names dynamodb:CreateBackup "
               "--context-entries ContextKeyName=aws:CurrentTime,ContextKeyType=date,ContextKeyValues=")
    assert one(server.aws_json(command + "2019-04-25T11:00:00Z")) == {
        "EvalActionName": "dynamodb:CreateBackup",
        "EvalResourceName": "*",
        "EvalDecision": "allowed",
        "MatchedStatements": [{
            "SourcePolicyId": "PolicyInputList.1",
            "SourcePolicyType": "IAM Policy",
            "StartPosition": {"Line": 1, "Column": 38},
            "EndPosition": {"Line": 1, "Column": 167},
        }],
        "MissingContextValues": [],
    }
    earlier = one(server.aws_json(command + "2014-04-25T11:00:00Z"))
    assert earlier["EvalDecision"] == "implicitDeny" and earlier["MatchedStatements"] == [] and earlier["MissingContextValues"] == []


def test_context_keys_by_the_cli(server, world):
    document = allow("dynamodb:*", "arn:aws:dynamodb:us-west-2:123456789012:table/${aws:username}", Condition=DATED["Statement"][0]["Condition"])
    quoted = shlex.quote(json.dumps(document))
    keys = server.aws_json(f"iam get-context-keys-for-custom-policy --policy-input-list {quoted}")["ContextKeyNames"]
    assert sorted(keys) == ["aws:CurrentTime", "aws:username"]
    _, arn = world.user(document)
    keys = server.aws_json(f"iam get-context-keys-for-principal-policy --policy-source-arn {arn}")["ContextKeyNames"]
    assert sorted(keys) == ["aws:CurrentTime", "aws:username"]


def test_principal_policy_by_the_cli(server, world):
    arn = world.role(policy=allow("s3:GetObject", "arn:aws:s3:::b/*"))
    name = arn.rsplit("/", 1)[1]
    answer = server.aws_json(f"iam simulate-principal-policy --policy-source-arn {arn} --action-names s3:GetObject s3:PutObject "
                             "--resource-arns arn:aws:s3:::b/a arn:aws:s3:::c/a")
    get, put = answer["EvaluationResults"]
    assert get["EvalDecision"] == "implicitDeny" and get["EvalResourceName"].startswith("arn:aws:s3:::${")
    allowed, denied = get["ResourceSpecificResults"]
    assert allowed["EvalResourceName"] == "arn:aws:s3:::b/a" and allowed["EvalResourceDecision"] == "allowed"
    assert [statement["SourcePolicyId"] for statement in allowed["MatchedStatements"]] == [f"role_{name}_inline"]
    assert denied["EvalResourceDecision"] == "implicitDeny" and denied["MatchedStatements"] == []
    assert put["EvalDecision"] == "implicitDeny" and put["EvalDecisionDetails"] == {}


def test_refusals_by_the_cli(server):
    document = shlex.quote(json.dumps(allow("*", "*")))
    done = server.aws(f"iam simulate-custom-policy --policy-input-list {document} --action-names GetObject", check=False)
    assert done.returncode in (254, 255)  # version 2 of the CLI, and version 1
    assert "(InvalidInput) when calling the SimulateCustomPolicy operation: The action is invalid since it is missing names" in done.stderr
    done = server.aws(f"iam simulate-principal-policy --policy-source-arn {ME} --action-names s3:GetObject", check=False)
    assert done.returncode in (254, 255) and "(NoSuchEntity)" in done.stderr
    done = server.aws("iam get-context-keys-for-custom-policy --policy-input-list '{'", check=False)
    assert done.returncode in (254, 255) and "(InvalidInput)" in done.stderr


# --- boto3 -------------------------------------------------------------------------------------------------------------


def test_pages(world):
    actions = [f"s3:Action{number}" for number in range(25)]
    paginator = world.iam.get_paginator("simulate_custom_policy")
    pages = list(paginator.paginate(PolicyInputList=[json.dumps(allow("s3:*1", "*"))], ActionNames=actions, PaginationConfig={"PageSize": 10}))
    assert [len(page["EvaluationResults"]) for page in pages] == [10, 10, 5]
    results = [result for page in pages for result in page["EvaluationResults"]]
    assert [result["EvalActionName"] for result in results] == actions
    assert [result["EvalActionName"] for result in results if result["EvalDecision"] == "allowed"] == ["s3:Action1", "s3:Action11", "s3:Action21"]
    arn = world.role(policy=allow("s3:*", "*"))
    paginator = world.iam.get_paginator("simulate_principal_policy")
    found = paginator.paginate(PolicySourceArn=arn, ActionNames=actions, PaginationConfig={"PageSize": 7}).build_full_result()
    assert len(found["EvaluationResults"]) == 25 and set(decisions(found).values()) == {"allowed"}


def test_two_accounts(world):
    """The example of SimulatePrincipalPolicy's reference: the bucket lets the user, but neither its policy nor its boundary does."""
    bucket_policy = allow(["s3:List*", "s3:Put*"], "arn:aws:s3:::mary/*", Principal={"AWS": ME})
    result = one(world.iam.simulate_custom_policy(
        PolicyInputList=[], PermissionsBoundaryPolicyInputList=[json.dumps(allow("iam:*", "*"))], ActionNames=["s3:PutObject"],
        ResourceArns=["arn:aws:s3:::mary/Test"], ResourceOwner="arn:aws:iam::123456789012:root", CallerArn=ME,
        ResourcePolicy=json.dumps(bucket_policy)))
    details = {"IAM Policy": "implicitDeny", "Resource Policy": "allowed", "Permissions Boundary Policy": "implicitDeny"}
    assert result["EvalDecision"] == "implicitDeny" and result["EvalDecisionDetails"] == details
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    specific, = result["ResourceSpecificResults"]
    assert specific["EvalDecisionDetails"] == details and specific["EvalResourceDecision"] == "implicitDeny"


def test_one_account(world):
    """The example of SimulateCustomPolicy's reference: the bucket names the user, so that neither policy nor boundary matters."""
    iam_only = json.dumps(allow("iam:*", "*"))
    bucket_policy = allow(["s3:List*", "s3:Put*"], "arn:aws:s3:::production/*", Principal={"AWS": ME})
    result = one(world.iam.simulate_custom_policy(
        PolicyInputList=[iam_only], PermissionsBoundaryPolicyInputList=[iam_only], ActionNames=["s3:PutObject"],
        ResourceArns=["arn:aws:s3:::production/Test"], ResourceOwner=f"arn:aws:iam::{ACCOUNT}:root", CallerArn=ME,
        ResourcePolicy=json.dumps(bucket_policy)))
    assert result["EvalDecision"] == "allowed" and result["EvalDecisionDetails"] == {}
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    statement, = result["MatchedStatements"]
    assert (statement["SourcePolicyId"], statement["SourcePolicyType"]) == ("ResourcePolicy", "Resource Policy")
    assert "EvalDecisionDetails" not in result["ResourceSpecificResults"][0]


def test_lists_that_are_empty(world):
    """boto3 writes an empty list as one empty parameter."""
    result = one(world.iam.simulate_custom_policy(PolicyInputList=[], ActionNames=["s3:GetObject"], ResourceArns=[], ContextEntries=[]))
    assert result["EvalDecision"] == "implicitDeny" and result["EvalResourceName"] == "*" and "ResourceSpecificResults" not in result
    assert world.iam.get_context_keys_for_custom_policy(PolicyInputList=[])["ContextKeyNames"] == []


def test_who_may(world, server, refused):
    keys, arn = world.user(allow("iam:SimulatePrincipalPolicy", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"))
    iam = server.client("iam", keys)
    assert decisions(iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["s3:GetObject"])) == {"s3:GetObject": "implicitDeny"}
    _, other = world.user()
    with pytest.raises(botocore.exceptions.ClientError) as error:
        iam.simulate_principal_policy(PolicySourceArn=other, ActionNames=["s3:GetObject"])
    assert f"iam:SimulatePrincipalPolicy on resource: {other}" in refused(error, "AccessDenied", 403)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        iam.simulate_custom_policy(PolicyInputList=[json.dumps(allow("*", "*"))], ActionNames=["s3:GetObject"])
    refused(error, "AccessDenied", 403)


# --- against the real calls ----------------------------------------------------------------------------------------------


def really(call, **members):
    try:
        call(**members)
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] in ("AccessDenied", "403"), error
        return "denied"
    return "allowed"


@pytest.mark.parametrize("policy", [
    allow("s3:GetObject", "arn:aws:s3:::BUCKET/*"),
    allow("s3:*", "arn:aws:s3:::BUCKET"),
    allow("s3:*", ["arn:aws:s3:::BUCKET", "arn:aws:s3:::BUCKET/*"]),
    allow(["s3:ListAllMyBuckets", "s3:PutObject"], "*"),
    {"Version": "2012-10-17", "Statement": [*allow("*", "*")["Statement"], {"Effect": "Deny", "Action": "s3:Put*", "Resource": "*"}]},
], ids=["get", "bucket", "both", "star", "deny"])
def test_a_pods_session_may_what_was_simulated(world, server, policy):
    """The guide's role, with other policies: its pod's real calls and the simulation agree."""
    bucket = world.bucket(**{"bootstrap.sh": b"echo configured\n"})
    policy = json.loads(json.dumps(policy).replace("BUCKET", bucket))
    role = world.role(trust=TRUST, policy=policy)
    world.associate(role)
    s3 = server.client("s3", server.pod_keys(world.name, "sa"))
    what, where = f"arn:aws:s3:::{bucket}/bootstrap.sh", f"arn:aws:s3:::{bucket}"
    real = {
        ("s3:GetObject", what): really(s3.get_object, Bucket=bucket, Key="bootstrap.sh"),
        ("s3:PutObject", what): really(s3.put_object, Bucket=bucket, Key="bootstrap.sh", Body=b"x"),
        ("s3:ListBucket", where): really(s3.list_objects_v2, Bucket=bucket),
        ("s3:ListAllMyBuckets", "*"): really(s3.list_buckets),
    }
    simulated = {}
    for action, resource in real:
        answer = one(world.iam.simulate_principal_policy(PolicySourceArn=role, ActionNames=[action], ResourceArns=[resource]))
        simulated[action, resource] = "allowed" if answer["EvalDecision"] == "allowed" else "denied"
    assert simulated == real
    assert set(real.values()) == {"allowed", "denied"}
