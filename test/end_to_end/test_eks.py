"""The EKS operations through boto3: clusters, associations, tags; their members, pages and errors."""

import json
import re
import urllib.parse

import botocore.exceptions
import pytest

from podpass_server import ACCOUNT, CLUSTER, REGION, allow, trust


@pytest.fixture
def cluster(world):
    """A cluster of the test's own."""
    name = world.new("cluster")
    world.eks.create_cluster(name=name, roleArn=world.role(), resourcesVpcConfig={})
    return name


def test_clusters(server, world, cluster, refused):
    described = world.eks.describe_cluster(name=cluster)["cluster"]
    assert described["name"] == cluster and described["status"] == "ACTIVE"
    assert described["arn"] == f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{cluster}"
    assert {CLUSTER, cluster} <= set(world.eks.list_clusters()["clusters"])
    with pytest.raises(world.eks.exceptions.ResourceInUseException) as error:
        world.eks.create_cluster(name=cluster, roleArn=world.role(), resourcesVpcConfig={})
    refused(error, "ResourceInUseException", 409)
    assert world.eks.delete_cluster(name=cluster)["cluster"]["name"] == cluster
    with pytest.raises(world.eks.exceptions.ResourceNotFoundException) as error:
        world.eks.describe_cluster(name=cluster)
    assert refused(error, "ResourceNotFoundException", 404) == f"No cluster found for name: {cluster}."


def test_the_issuer_of_a_cluster(server, world, cluster):
    """OpenID Connect discovery as any verifier does it; no credentials needed."""
    issuer = world.eks.describe_cluster(name=cluster)["cluster"]["identity"]["oidc"]["issuer"]
    assert issuer.startswith(server.endpoint + "/")
    path = urllib.parse.urlsplit(issuer).path
    document = server.send("GET", path + "/.well-known/openid-configuration").json
    assert document["issuer"] == issuer and "RS256" in document["id_token_signing_alg_values_supported"]
    keys = server.send("GET", urllib.parse.urlsplit(document["jwks_uri"]).path).json["keys"]
    assert keys and all(key["kty"] == "RSA" and key["kid"] and "d" not in key and "p" not in key for key in keys)


def test_association_life(server, world, refused):
    role, other = world.role(), world.role()
    target = f"arn:aws:iam::999988887777:role/{world.name}"
    created = world.associate(role, tags={"team": "blue"}, clientRequestToken=world.name)
    identity = created["associationId"]
    assert re.fullmatch(r"a-[a-z0-9]{17}", identity)
    assert created["tags"] == {"team": "blue"} and "externalId" not in created and "ownerArn" not in created
    assert world.associate(role, tags={"team": "blue"}, clientRequestToken=world.name) == created  # the same request again
    with pytest.raises(world.eks.exceptions.InvalidParameterException):
        world.associate(other, clientRequestToken=world.name)
    with pytest.raises(world.eks.exceptions.ResourceInUseException) as error:
        world.associate(role, clientRequestToken="another")
    assert refused(error, "ResourceInUseException", 409) == f"Association already exists: {identity}"

    own = {"clusterName": CLUSTER, "associationId": identity}
    assert world.eks.describe_pod_identity_association(**own)["association"] == created
    updated = world.eks.update_pod_identity_association(**own, roleArn=other, targetRoleArn=target)["association"]
    assert updated["roleArn"] == other and updated["targetRoleArn"] == target
    assert updated["externalId"] == f"{REGION}/{ACCOUNT}/{CLUSTER}/{world.name}/sa"
    assert updated["modifiedAt"] >= updated["createdAt"] == created["createdAt"] and updated["tags"] == {"team": "blue"}
    cleared = world.eks.update_pod_identity_association(**own, targetRoleArn="")["association"]
    assert "targetRoleArn" not in cleared and "externalId" not in cleared and cleared["roleArn"] == other
    assert world.eks.delete_pod_identity_association(**own)["association"] == cleared
    for call in (world.eks.describe_pod_identity_association, world.eks.delete_pod_identity_association):
        with pytest.raises(world.eks.exceptions.ResourceNotFoundException) as error:
            call(**own)
        refused(error, "ResourceNotFoundException", 404)


@pytest.mark.parametrize("change, text", [
    ({"namespace": "Not_A_Label"}, "namespace"),
    ({"namespace": ""}, "namespace"),
    ({"namespace": "n" * 64}, "namespace"),
    ({"serviceAccount": "with/slash"}, "service account"),
    ({"serviceAccount": "s" * 254}, "service account"),
    ({"roleArn": "not-an-arn"}, "roleArn"),
    ({"roleArn": f"arn:aws:iam::{ACCOUNT}:user/somebody"}, "roleArn"),
    ({"roleArn": f"arn:aws:iam::{ACCOUNT}:role/does-not-exist"}, "Role provided in the request does not exist."),
    ({"policy": json.dumps(allow("s3:*", "*"))}, "disableSessionTags"),
    ({"policy": "{", "disableSessionTags": True}, "policy"),
    ({"targetRoleArn": "nonsense"}, "targetRoleArn"),
    ({"tags": {"aws:reserved": "x"}}, "aws:"),
    ({"tags": {f"k{i}": "v" for i in range(51)}}, "tags"),
])
def test_create_refuses(world, refused, change, text):
    good = {"clusterName": CLUSTER, "namespace": world.name, "serviceAccount": "sa", "roleArn": world.role()}
    with pytest.raises(botocore.exceptions.ClientError) as error:
        world.eks.create_pod_identity_association(**{**good, **change})
    assert text in refused(error, "InvalidParameterException", 400)
    assert world.eks.list_pod_identity_associations(clusterName=CLUSTER, namespace=world.name)["associations"] == []


def test_roles_of_other_accounts_cannot_be_passed(world, refused):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        world.associate("arn:aws:iam::999988887777:role/theirs")
    assert error.value.response["Error"]["Code"] in ("InvalidParameterException", "AccessDeniedException")


def test_trust_that_cannot_work(world, refused):
    for document in (trust(Action=["sts:AssumeRole"]), trust(Principal={"Service": "ec2.amazonaws.com"}), trust(Effect="Deny")):
        with pytest.raises(world.eks.exceptions.InvalidParameterException) as error:
            world.associate(world.role(trust=document))
        assert refused(error, "InvalidParameterException", 400) == "Trust policy of the role provided is invalid."


def test_update_needs_something(world, refused):
    created = world.associate(world.role())
    with pytest.raises(world.eks.exceptions.InvalidParameterException):
        world.eks.update_pod_identity_association(clusterName=CLUSTER, associationId=created["associationId"])
    with pytest.raises(world.eks.exceptions.InvalidParameterException):
        world.eks.update_pod_identity_association(clusterName=CLUSTER, associationId=created["associationId"],
                                                  policy=json.dumps(allow("s3:*", "*")))


def test_lists_and_pages(world, cluster, refused):
    role = world.role()
    made = [world.associate(role, f"sa-{i % 10}", f"{world.name}-{i // 10}", cluster) for i in range(101)]
    first = world.eks.list_pod_identity_associations(clusterName=cluster)
    assert len(first["associations"]) == 100 and first["nextToken"]
    second = world.eks.list_pod_identity_associations(clusterName=cluster, nextToken=first["nextToken"])
    assert len(second["associations"]) == 1 and "nextToken" not in second
    listed = first["associations"] + second["associations"]
    assert {a["associationId"] for a in listed} == {a["associationId"] for a in made}
    assert set(listed[0]) == {"clusterName", "namespace", "serviceAccount", "associationArn", "associationId"}

    def count(**filters):
        pages = world.eks.get_paginator("list_pod_identity_associations").paginate(
            clusterName=cluster, PaginationConfig={"PageSize": 3}, **filters)
        return sum(len(page["associations"]) for page in pages)

    assert count(namespace=f"{world.name}-3") == 10
    assert count(serviceAccount="sa-0") == 11
    assert count(namespace=f"{world.name}-3", serviceAccount="sa-4") == 1
    assert count(namespace="nowhere") == 0
    with pytest.raises(world.eks.exceptions.InvalidParameterException):
        world.eks.list_pod_identity_associations(clusterName=cluster, nextToken="made-up")
    with pytest.raises(world.eks.exceptions.ResourceNotFoundException):
        world.eks.list_pod_identity_associations(clusterName="no-such-cluster")


def test_tags(world, refused):
    created = world.associate(world.role(), tags={"team": "blue"})
    arn = created["associationArn"]
    world.eks.tag_resource(resourceArn=arn, tags={"team": "red", "stage": "test"})
    assert world.eks.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "red", "stage": "test"}
    world.eks.untag_resource(resourceArn=arn, tagKeys=["team", "unknown"])
    described = world.eks.describe_pod_identity_association(clusterName=CLUSTER, associationId=created["associationId"])["association"]
    assert described["tags"] == {"stage": "test"}
    with pytest.raises(world.eks.exceptions.NotFoundException) as error:
        world.eks.list_tags_for_resource(resourceArn=arn[:-17] + "abcdefghijklmnop1")
    refused(error, "NotFoundException", 404)
    with pytest.raises(world.eks.exceptions.BadRequestException) as error:
        world.eks.tag_resource(resourceArn="nonsense", tags={"a": "b"})
    refused(error, "BadRequestException", 400)


def test_permissions_by_association(server, world, refused):
    """A user who may read the associations of one team only, by tag, and may list none."""
    blue = world.associate(world.role(), "blue", tags={"team": "blue"})
    red = world.associate(world.role(), "red", tags={"team": "red"})
    keys, _ = world.user(allow("eks:DescribePodIdentityAssociation", "*", Condition={"StringEquals": {"aws:ResourceTag/team": "blue"}}))
    eks = server.client("eks", keys)
    assert eks.describe_pod_identity_association(clusterName=CLUSTER, associationId=blue["associationId"])["association"] == blue
    for call, arguments, action in (
            (eks.describe_pod_identity_association, {"associationId": red["associationId"]}, "eks:DescribePodIdentityAssociation"),
            (eks.delete_pod_identity_association, {"associationId": blue["associationId"]}, "eks:DeletePodIdentityAssociation"),
            (eks.list_pod_identity_associations, {}, "eks:ListPodIdentityAssociations")):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            call(clusterName=CLUSTER, **arguments)
        assert f"is not authorized to perform: {action} on resource: arn:aws:eks:" in refused(error, "AccessDeniedException", 403)


def test_the_node_needs_its_permission(server, world, refused):
    world.associate(world.role())
    token = server.mint(world.name, "sa")
    keys, arn = world.user()
    with pytest.raises(botocore.exceptions.ClientError) as error:
        server.client("eks-auth", keys).assume_role_for_pod_identity(clusterName=CLUSTER, token=token)
    message = refused(error, "AccessDeniedException")
    assert message.startswith(f"User: {arn} is not authorized to perform: eks-auth:AssumeRoleForPodIdentity on resource: "
                              f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{CLUSTER}")
    keys, _ = world.user(allow("eks-auth:AssumeRoleForPodIdentity", f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{CLUSTER}"))
    assert server.client("eks-auth", keys).assume_role_for_pod_identity(clusterName=CLUSTER, token=token)["subject"]["namespace"] == world.name
