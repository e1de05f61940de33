"""The six session tags and what conditions can do with them: in bucket policies, identity policies and trust policies."""

import datetime
import json
import re

import botocore.exceptions
import pytest

from podpass_server import ACCOUNT, CLUSTER, REGION, Keys, allow, trust

UNAUTHORIZED = "Unauthorized Exception! EKS does not have permissions to assume the associated role."
CLUSTER_ARN = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{CLUSTER}"
TAG_KEYS = ["eks-cluster-arn", "eks-cluster-name", "kubernetes-namespace", "kubernetes-service-account", "kubernetes-pod-name",
            "kubernetes-pod-uid"]


def read(server, keys, bucket, key="object"):
    return server.client("s3", keys).get_object(Bucket=bucket, Key=key)["Body"].read()


def test_a_bucket_policy_on_the_namespace(server, world, refused):
    """The bucket lets one namespace in; the role itself has no permission at all."""
    role = world.role()
    bucket = world.bucket(object=b"x")
    inside, outside = f"{world.name}-in", f"{world.name}-out"
    for namespace in (inside, outside):
        world.associate(role, namespace=namespace)
    world.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": role}, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*",
                       "Condition": {"StringEquals": {"aws:PrincipalTag/kubernetes-namespace": inside}}}]}))
    assert read(server, server.pod_keys(inside, "sa"), bucket) == b"x"
    with pytest.raises(botocore.exceptions.ClientError) as error:
        read(server, server.pod_keys(outside, "sa"), bucket)
    assert "s3:GetObject" in refused(error, "AccessDenied", 403)


def test_a_bucket_policy_that_denies_other_namespaces(server, world, refused):
    bucket = world.bucket(object=b"x")
    role = world.role(policy=allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    inside, outside = f"{world.name}-in", f"{world.name}-out"
    for namespace in (inside, outside):
        world.associate(role, namespace=namespace)
    world.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*",
                       "Condition": {"StringNotEquals": {"aws:PrincipalTag/kubernetes-namespace": inside}}}]}))
    assert read(server, server.pod_keys(inside, "sa"), bucket) == b"x"
    with pytest.raises(botocore.exceptions.ClientError) as error:
        read(server, server.pod_keys(outside, "sa"), bucket)
    assert refused(error, "AccessDenied", 403).endswith("with an explicit deny in a resource-based policy")


@pytest.mark.parametrize("tag", TAG_KEYS)
def test_every_tag_is_a_policy_variable(server, world, tag):
    """A prefix of one's own for each tag, by a variable in the identity policy."""
    values = {"eks-cluster-arn": CLUSTER_ARN, "eks-cluster-name": CLUSTER, "kubernetes-namespace": world.name,
              "kubernetes-service-account": "sa", "kubernetes-pod-name": "pod-1", "kubernetes-pod-uid": "3f0c1d52-8a71-4a5e-9b07-4f8bb5e3a111"}
    bucket = world.bucket(**{f"{values[tag]}/object": b"mine", "other/object": b"not mine"})
    world.associate(world.role(policy=allow("s3:GetObject", f"arn:aws:s3:::{bucket}/${{aws:PrincipalTag/{tag}}}/*")))
    token = server.mint(world.name, "sa", podName=values["kubernetes-pod-name"], podUid=values["kubernetes-pod-uid"])
    keys = keys_for(server, token)
    assert read(server, keys, bucket, f"{values[tag]}/object") == b"mine"
    with pytest.raises(botocore.exceptions.ClientError):
        read(server, keys, bucket, "other/object")


def keys_for(server, token):
    given = server.client("eks-auth").assume_role_for_pod_identity(clusterName=CLUSTER, token=token)["credentials"]
    return Keys(given["accessKeyId"], given["secretAccessKey"], given["sessionToken"])


@pytest.mark.parametrize("condition, assumed", [
    ({"StringEquals": {"aws:RequestTag/eks-cluster-name": CLUSTER}}, True),
    ({"StringEquals": {"aws:RequestTag/eks-cluster-name": "another-cluster"}}, False),
    ({"StringEquals": {"aws:RequestTag/kubernetes-service-account": "sa"}}, True),
    ({"StringEquals": {"aws:RequestTag/kubernetes-service-account": "sb"}}, False),
    ({"ArnEquals": {"aws:SourceArn": CLUSTER_ARN}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}, True),
    ({"ArnEquals": {"aws:SourceArn": CLUSTER_ARN + "x"}}, False),
    ({"StringEquals": {"aws:SourceAccount": "999999999999"}}, False),
    ({"ForAllValues:StringEquals": {"sts:TransitiveTagKeys": TAG_KEYS}, "Null": {"sts:TransitiveTagKeys": "false"}}, True),
    ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["something-else"]}}, False),
    ({"StringLike": {"sts:RoleSessionName": "eks-my-cluster-*"}}, True),
    ({"StringLike": {"sts:RoleSessionName": "admin-*"}}, False),
])
def test_trust_conditions(server, world, refused, condition, assumed):
    world.associate(world.role(trust=trust(Condition=condition)))
    eks_auth = server.client("eks-auth")
    token = server.mint(world.name, "sa")
    if assumed:
        assert eks_auth.assume_role_for_pod_identity(clusterName=CLUSTER, token=token)["credentials"]["accessKeyId"].startswith("ASIA")
        return
    with pytest.raises(eks_auth.exceptions.AccessDeniedException) as error:
        eks_auth.assume_role_for_pod_identity(clusterName=CLUSTER, token=token)
    assert refused(error, "AccessDeniedException", 400) == UNAUTHORIZED


def test_the_answer(server, world):
    association = world.associate(world.role())
    answer = server.client("eks-auth").assume_role_for_pod_identity(
        clusterName=CLUSTER, token=server.mint(world.name, "sa", podName="app1-v1-56b9f94b4-dvd5c"))
    assert answer["subject"] == {"namespace": world.name, "serviceAccount": "sa"}
    assert answer["audience"] == "pods.eks.amazonaws.com"
    assert answer["podIdentityAssociation"] == {name: association[name] for name in ("associationArn", "associationId")}
    role_name = association["roleArn"].split("/")[-1]
    session = r"eks-my-cluster-app1-v1-56-[0-9a-f-]{36}"
    assert re.fullmatch(rf"arn:aws:sts::{ACCOUNT}:assumed-role/{role_name}/{session}", answer["assumedRoleUser"]["arn"])
    assert re.fullmatch(rf"AROA[A-Z2-7]{{17}}:{session}", answer["assumedRoleUser"]["assumeRoleId"])
    left = answer["credentials"]["expiration"] - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(hours=5, minutes=55) < left <= datetime.timedelta(hours=6)  # although the role's maximum is one hour


def test_without_session_tags(server, world, refused):
    """disableSessionTags: the trust policy needs no sts:TagSession, and no tag is there to match."""
    only_assume = trust(Action=["sts:AssumeRole"])
    bucket = world.bucket(object=b"x")
    plain = world.role(trust=only_assume, policy=allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    world.associate(plain, "plain", disableSessionTags=True)
    assert read(server, server.pod_keys(world.name, "plain"), bucket) == b"x"
    tagged = world.role(policy=allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Condition={"Null": {"aws:PrincipalTag/kubernetes-namespace": "false"}}))
    world.associate(tagged, "tagged", disableSessionTags=True)
    with pytest.raises(botocore.exceptions.ClientError) as error:
        read(server, server.pod_keys(world.name, "tagged"), bucket)
    refused(error, "AccessDenied", 403)


def test_a_session_policy_narrows(server, world, refused):
    bucket = world.bucket(object=b"x", secret=b"y")
    role = world.role(policy=allow("s3:*", "*"))
    world.associate(role, disableSessionTags=True, policy=json.dumps(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/object")))
    keys = server.pod_keys(world.name, "sa")
    assert read(server, keys, bucket) == b"x"
    with pytest.raises(botocore.exceptions.ClientError) as error:
        read(server, keys, bucket, "secret")
    assert refused(error, "AccessDenied", 403).endswith("because no session policy allows the s3:GetObject action")


def test_a_target_role(server, world):
    """Two hops: the pod gets the target's credentials, for 59 minutes; the target sees the external id and the tags."""
    source = world.role()
    external_id = f"{REGION}/{ACCOUNT}/{CLUSTER}/{world.name}/sa"
    target = world.role(trust={"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": source}, "Action": ["sts:AssumeRole", "sts:TagSession"],
         "Condition": {"StringEquals": {"sts:ExternalId": external_id, "aws:RequestTag/kubernetes-namespace": world.name}}}]})
    world.iam.put_role_policy(RoleName=source.split("/")[-1], PolicyName="hop",
                              PolicyDocument=json.dumps(allow(["sts:AssumeRole", "sts:TagSession"], target)))
    association = world.associate(source, targetRoleArn=target)
    assert association["externalId"] == external_id
    answer = server.ask_agent(server.mint(world.name, "sa"))
    assert answer.status == 200, answer.text
    identity = server.client("sts", Keys.of(answer.json)).get_caller_identity()
    assert f":assumed-role/{target.split('/')[-1]}/" in identity["Arn"]
    expires = datetime.datetime.fromisoformat(answer.json["Expiration"].replace("Z", "+00:00"))
    assert expires - datetime.datetime.now(datetime.timezone.utc) <= datetime.timedelta(minutes=59)
    world.iam.update_assume_role_policy(RoleName=target.split("/")[-1], PolicyDocument=json.dumps(trust()))
    assert server.ask_agent(server.mint(world.name, "sa")).status == 400


def test_tags_are_transitive(server, world):
    """A role that the pod assumes by itself still knows which namespace it was."""
    bucket = world.bucket(**{f"{world.name}/object": b"x"})
    first = world.role()
    second = world.role(trust={"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": first}, "Action": ["sts:AssumeRole", "sts:TagSession"]}]},
        policy=allow("s3:GetObject", f"arn:aws:s3:::{bucket}/${{aws:PrincipalTag/kubernetes-namespace}}/*"))
    world.iam.put_role_policy(RoleName=first.split("/")[-1], PolicyName="hop",
                              PolicyDocument=json.dumps(allow(["sts:AssumeRole", "sts:TagSession"], second)))
    world.associate(first)
    sts = server.client("sts", server.pod_keys(world.name, "sa"))
    session = Keys.of(sts.assume_role(RoleArn=second, RoleSessionName="second")["Credentials"])
    assert read(server, session, bucket, f"{world.name}/object") == b"x"
    with pytest.raises(botocore.exceptions.ClientError) as error:
        sts.assume_role(RoleArn=second, RoleSessionName="second", DurationSeconds=7200)
    assert "1 hour session limit for roles assumed by role chaining" in error.value.response["Error"]["Message"]
