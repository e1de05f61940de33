"""The IAM and STS operations through boto3: members, documents, pages and errors."""

import json
import re

import botocore.exceptions
import pytest

from podpass_server import ACCOUNT, TRUST, Keys, allow


def test_role_life(world, refused):
    name = world.new("role")
    made = world.iam.create_role(RoleName=name, Path="/team/", AssumeRolePolicyDocument=json.dumps(TRUST), Description="d",
                                 MaxSessionDuration=7200, Tags=[{"Key": "team", "Value": "blue"}])["Role"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/team/{name}" and re.fullmatch(r"AROA[A-Z2-7]{17}", made["RoleId"])
    role = world.iam.get_role(RoleName=name)["Role"]
    assert role["AssumeRolePolicyDocument"] == TRUST and role["MaxSessionDuration"] == 7200 and role["Tags"] == [{"Key": "team", "Value": "blue"}]
    with pytest.raises(world.iam.exceptions.EntityAlreadyExistsException) as error:
        world.iam.create_role(RoleName=name.upper(), AssumeRolePolicyDocument=json.dumps(TRUST))
    refused(error, "EntityAlreadyExists", 409)
    world.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(allow("s3:*", "*")))
    assert world.iam.list_role_policies(RoleName=name)["PolicyNames"] == ["p"]
    assert world.iam.get_role_policy(RoleName=name, PolicyName="p")["PolicyDocument"] == allow("s3:*", "*")
    with pytest.raises(world.iam.exceptions.DeleteConflictException) as error:
        world.iam.delete_role(RoleName=name)
    refused(error, "DeleteConflict", 409)
    world.iam.delete_role_policy(RoleName=name, PolicyName="p")
    assert world.iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"] == []
    world.iam.delete_role(RoleName=name)
    with pytest.raises(world.iam.exceptions.NoSuchEntityException) as error:
        world.iam.get_role(RoleName=name)
    assert refused(error, "NoSuchEntity", 404) == f"The role with name {name} cannot be found."


def test_documents_come_back_as_they_were_sent(world):
    """Percent signs, umlauts, spaces: encoded on the wire, the same after it."""
    name = world.new("role")
    world.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    document = allow("s3:GetObject", ["arn:aws:s3:::b/100%25 + grün/&<>\"'", "arn:aws:s3:::b/${aws:username}/*"])
    world.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(document, ensure_ascii=False, indent=3))
    assert world.iam.get_role_policy(RoleName=name, PolicyName="p")["PolicyDocument"] == document


@pytest.mark.parametrize("document", ["", "{", "[]", "null", '{"Version": "2012-10-17"}', json.dumps({**allow("s3:*", "*"), "Other": 1}),
                                      json.dumps(allow("s3:*", "*", Effect="allow")), json.dumps(allow("s3", "*")),
                                      json.dumps(allow("s3:*", "*", Condition={"StringSortOf": {"aws:username": "x"}})),
                                      json.dumps(allow("s3:*", "*", Principal="*")), json.dumps(allow("s3:*", "not-an-arn")),
                                      '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}', "[" * 5000])
def test_bad_policies(world, document):
    with pytest.raises((botocore.exceptions.ClientError, botocore.exceptions.ParamValidationError)) as error:
        world.iam.create_policy(PolicyName=world.new("policy"), PolicyDocument=document)
    if isinstance(error.value, botocore.exceptions.ClientError):
        assert error.value.response["Error"]["Code"] in ("MalformedPolicyDocument", "ValidationError")
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize("document", ["{", json.dumps(allow("s3:*", "*")), json.dumps({**TRUST, "Statement": [{**TRUST["Statement"][0], "Resource": "*"}]}),
                                      json.dumps({**TRUST, "Statement": [{**TRUST["Statement"][0], "Action": "s3:GetObject"}]}),
                                      json.dumps({**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/nobody"}}]})])
def test_bad_trust_policies(world, refused, document):
    with pytest.raises(world.iam.exceptions.MalformedPolicyDocumentException) as error:
        world.iam.create_role(RoleName=world.new("role"), AssumeRolePolicyDocument=document)
    refused(error, "MalformedPolicyDocument", 400)


def test_policy_versions(world, refused):
    arn = world.iam.create_policy(PolicyName=world.new("policy"), PolicyDocument=json.dumps(allow("s3:Get*", "*")))["Policy"]["Arn"]
    for n in range(4):
        world.iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(allow(f"s3:Get{n}*", "*")), SetAsDefault=n == 3)
    with pytest.raises(world.iam.exceptions.LimitExceededException) as error:
        world.iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(allow("s3:*", "*")))
    refused(error, "LimitExceeded", 409)
    assert world.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v5"
    with pytest.raises(world.iam.exceptions.DeleteConflictException):
        world.iam.delete_policy_version(PolicyArn=arn, VersionId="v5")
    with pytest.raises(world.iam.exceptions.DeleteConflictException):
        world.iam.delete_policy(PolicyArn=arn)
    world.iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    world.iam.delete_policy_version(PolicyArn=arn, VersionId="v5")
    made = world.iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(allow("s3:*", "*")))["PolicyVersion"]
    assert made["VersionId"] == "v6"  # a number is never used again
    assert [v["VersionId"] for v in world.iam.list_policy_versions(PolicyArn=arn)["Versions"]] == ["v6", "v4", "v3", "v2", "v1"]


def test_attachments(world, refused):
    role = world.role().split("/")[-1]
    arn = world.iam.create_policy(PolicyName=world.new("policy"), PolicyDocument=json.dumps(allow("s3:*", "*")))["Policy"]["Arn"]
    world.iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    world.iam.attach_role_policy(RoleName=role, PolicyArn=arn)  # again: nothing
    assert world.iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    assert [r["RoleName"] for r in world.iam.list_entities_for_policy(PolicyArn=arn)["PolicyRoles"]] == [role]
    with pytest.raises(world.iam.exceptions.DeleteConflictException):
        world.iam.delete_policy(PolicyArn=arn)
    world.iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    with pytest.raises(world.iam.exceptions.NoSuchEntityException) as error:
        world.iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    refused(error, "NoSuchEntity", 404)
    with pytest.raises(world.iam.exceptions.NoSuchEntityException) as error:
        world.iam.attach_role_policy(RoleName=role, PolicyArn=arn + "-not-there")
    assert "does not exist or is not attachable" in refused(error, "NoSuchEntity", 404)
    world.iam.delete_policy(PolicyArn=arn)


def test_pages(world):
    names = {world.role().split("/")[-1] for _ in range(7)}
    pages = list(world.iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 2}))
    listed = [role["RoleName"] for page in pages for role in page["Roles"]]
    assert names <= set(listed) and len(listed) == len(set(listed))
    assert all(page["IsTruncated"] and page["Marker"] for page in pages[:-1]) and not pages[-1]["IsTruncated"]
    with pytest.raises(botocore.exceptions.ClientError) as error:
        world.iam.list_roles(Marker="made-up")
    assert error.value.response["Error"]["Code"] in ("ValidationError", "InvalidInput")


def test_users_and_keys(server, world, refused):
    keys, arn = world.user()
    name = arn.split("/")[-1]
    sts = server.client("sts", keys)
    identity = sts.get_caller_identity()
    assert identity["Arn"] == arn and identity["Account"] == ACCOUNT and identity["UserId"].startswith("AIDA")
    world.iam.create_access_key(UserName=name)
    with pytest.raises(world.iam.exceptions.LimitExceededException):
        world.iam.create_access_key(UserName=name)
    world.iam.update_access_key(UserName=name, AccessKeyId=keys.access_key, Status="Inactive")
    with pytest.raises(botocore.exceptions.ClientError) as error:
        sts.get_caller_identity()
    refused(error, "InvalidClientTokenId", 403)
    world.iam.update_access_key(UserName=name, AccessKeyId=keys.access_key, Status="Active")
    assert sts.get_caller_identity()["Arn"] == arn
    for key in world.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        world.iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    world.iam.delete_user(UserName=name)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        sts.get_caller_identity()
    refused(error, "InvalidClientTokenId", 403)


def test_a_boundary_limits(server, world, refused):
    boundary = world.iam.create_policy(PolicyName=world.new("policy"), PolicyDocument=json.dumps(allow("iam:GetRole", "*")))["Policy"]["Arn"]
    keys, arn = world.user(allow("iam:*", "*"))
    world.iam.put_user_permissions_boundary(UserName=arn.split("/")[-1], PermissionsBoundary=boundary)
    iam = server.client("iam", keys)
    role = world.role().split("/")[-1]
    assert iam.get_role(RoleName=role)["Role"]["RoleName"] == role
    with pytest.raises(botocore.exceptions.ClientError) as error:
        iam.list_role_policies(RoleName=role)
    assert refused(error, "AccessDenied", 403).endswith("because no permissions boundary allows the iam:ListRolePolicies action")


def test_assume_role(server, world, refused):
    keys, arn = world.user()
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole",
                                                        "Condition": {"StringEquals": {"sts:ExternalId": "ours"}}}]}
    role = world.role(trust=document, policy=allow("iam:GetRole", "*"))
    sts = server.client("sts", keys)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        sts.assume_role(RoleArn=role, RoleSessionName="session")
    message = refused(error, "AccessDenied", 403)
    assert message == f"User: {arn} is not authorized to perform: sts:AssumeRole on resource: {role}"
    with pytest.raises(botocore.exceptions.ClientError) as error:
        sts.assume_role(RoleArn=role + "-unknown", RoleSessionName="session", ExternalId="ours")
    assert refused(error, "AccessDenied", 403) == message + "-unknown"  # says no more about a role that does not exist
    with pytest.raises(botocore.exceptions.ClientError) as error:
        sts.assume_role(RoleArn=role, RoleSessionName="session", ExternalId="ours", DurationSeconds=7200)
    assert refused(error, "ValidationError", 400) == "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    given = sts.assume_role(RoleArn=role, RoleSessionName="session", ExternalId="ours")
    assert given["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.split('/')[-1]}/session"
    session = Keys.of(given["Credentials"])
    assert server.client("iam", session).get_role(RoleName=role.split("/")[-1])["Role"]["Arn"] == role
    forged = Keys(session.access_key, session.secret_key, session.token[:-4] + ("AAAA" if session.token[-4:] != "AAAA" else "BBBB"))
    with pytest.raises(botocore.exceptions.ClientError) as error:
        server.client("sts", forged).get_caller_identity()
    refused(error, "InvalidClientTokenId", 403)


def test_a_role_made_again_is_another_role(world, server, refused):
    """A trust policy means the role that was there when it was saved, not its name."""
    keys, arn = world.user(allow("sts:AssumeRole", "*"))
    first = world.role(trust={"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}]})
    assert server.client("sts", keys).assume_role(RoleArn=first, RoleSessionName="session")
    name = arn.split("/")[-1]
    world.iam.delete_user_policy(UserName=name, PolicyName="inline")
    for key in world.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        world.iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    world.iam.delete_user(UserName=name)
    world.iam.create_user(UserName=name)
    world.iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=json.dumps(allow("sts:AssumeRole", "*")))
    again = Keys.of(world.iam.create_access_key(UserName=name)["AccessKey"])
    with pytest.raises(botocore.exceptions.ClientError) as error:
        server.client("sts", again).assume_role(RoleArn=first, RoleSessionName="session")
    refused(error, "AccessDenied", 403)


def test_a_session_outlives_its_users_name(world):
    keys, arn = world.user(allow("sts:*", "*"))
    session = Keys.of(world.server.client("sts", keys).get_session_token()["Credentials"])
    renamed = world.new("renamed")
    world.iam.update_user(UserName=arn.rsplit("/", 1)[1], NewUserName=renamed)
    assert world.server.client("sts", session).get_caller_identity()["Arn"].endswith(f":user/{renamed}")


def test_root_was_created(world):
    assert world.iam.get_user()["User"]["CreateDate"].year >= 2026
