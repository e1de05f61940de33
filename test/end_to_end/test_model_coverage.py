"""The operation tables and shapes against AWS's models (tools/model_coverage.py), and that the comparison sees what it should."""

import copy
import sys

import pytest

from podpass_server import BINARY, ROOT

sys.path.insert(0, str(ROOT / "tools"))
import model_coverage


@pytest.fixture(scope="module")
def served():
    return model_coverage.described_by(BINARY)


def differences(services):
    return [line for comparison in model_coverage.compare(services) for line in comparison.differences]


def test_nothing_differs_from_the_models(served):
    assert not differences(served)


def test_every_service_is_compared(served):
    compared = {comparison.service: comparison for comparison in model_coverage.compare(served)}
    assert {"eks", "eks-auth", "iam", "sts"} <= set(compared)
    for service in ("eks", "eks-auth", "iam", "sts"):
        assert compared[service].ours["operations"] and compared[service].members > 0, service
    assert compared["eks-auth"].not_built == []
    assert "CreateAddon" in compared["eks"].not_built


# What is changed in the description of CreatePodIdentityAssociation, and the line that must be said of it.
ASSOCIATION = ("eks", "CreatePodIdentityAssociation")
BROKEN = {
    "missing member": (lambda o: o["input"]["members"].pop("tags"), ".input.tags: missing here"),
    "missing member, deep": (lambda o: o["output"]["members"]["association"]["members"].pop("ownerArn"),
                             ".output.association.ownerArn: missing here"),
    "extra member": (lambda o: o["input"]["members"].update(extra={"type": "string", "required": False}), ".input.extra: not in the model"),
    "misspelt member": (lambda o: o["input"]["members"].update(RoleArn=o["input"]["members"].pop("roleArn")), ".input.RoleArn: not in the model"),
    "type": (lambda o: o["input"]["members"]["policy"].update(type="integer"), ".input.policy: integer here, string in the model"),
    "any": (lambda o: o["input"]["members"]["tags"].update(type="any"), ".input.tags: any here, map in the model"),
    "type in a map": (lambda o: o["input"]["members"]["tags"]["value"].update(type="boolean"), ".input.tags{}: boolean here, string in the model"),
    "not required": (lambda o: o["input"]["members"]["roleArn"].update(required=False), ".input.roleArn: optional here, required in the model"),
    "required": (lambda o: o["input"]["members"]["policy"].update(required=True), ".input.policy: required here, optional in the model"),
    "method": (lambda o: o.update(method="PUT"), ": PUT here, POST in the model"),
    "placement": (lambda o: o.update(method="DELETE"), ".input.namespace: in the querystring here, in the body in the model"),
    "path": (lambda o: o.update(path="/clusters/{clusterName}/associations"), ": path /clusters/{clusterName}/associations here, "
             "/clusters/{clusterName}/pod-identity-associations in the model"),
    "label": (lambda o: o.update(path="/clusters/{name}/pod-identity-associations"), ".input.clusterName: in the body here, in the uri in the model"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_difference_is_seen(served, what):
    change, expected = BROKEN[what]
    service, operation = ASSOCIATION
    broken = {service: copy.deepcopy(served[service])}
    change(broken[service]["operations"][operation])
    assert f"{service}.{operation}{expected}" in differences(broken)


def test_other_versions_protocols_and_operations_are_seen(served):
    broken = {"sts": copy.deepcopy(served["sts"])}
    broken["sts"].update(version="2011-06-16", protocol="rest-json")
    broken["sts"]["operations"]["AssumeNothing"] = broken["sts"]["operations"]["AssumeRole"]
    said = differences(broken)
    assert "sts.version: 2011-06-16 here, 2011-06-15 in the model" in said
    assert "sts.protocol: rest-json here, query in the model" in said
    assert "sts.AssumeNothing: AWS has no such operation" in said


def test_tables_without_shapes_are_compared_by_method_and_path():
    """S3's way: its bindings are its own, so its table has no shapes."""
    rows = {"ListObjectsV2": {"method": "GET", "path": "/{Bucket}?list-type"}, "PutObject": {"method": "PUT", "path": "/{Bucket}/{Key+}"}}
    s3 = {"s3": {"protocol": "rest-xml", "version": "2006-03-01", "operations": rows}}
    assert not differences(s3)
    rows["PutObject"]["path"] = "/{Bucket}/{Key+}?acl"
    assert differences(s3) == ["s3.PutObject: path /{Bucket}/{Key+}?acl here, /{Bucket}/{Key+} in the model"]
