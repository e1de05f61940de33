"""One server for all tests that leave it as it was; names are new for each test, so that tests don't see each other."""

import itertools
import json

import pytest

import podpass_server
from podpass_server import CLUSTER, TRUST, Keys, Podpass


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failure shows the end of the server's log."""
    outcome = yield
    report = outcome.get_result()
    server = next((value for value in item.funcargs.values() if isinstance(value, Podpass)), None) if hasattr(item, "funcargs") else None
    if report.failed and server:
        report.sections.append(("the server's log", server.log_text()[-6000:]))


@pytest.fixture(scope="session", autouse=True)
def program():
    assert podpass_server.BINARY.exists(), f"no program at {podpass_server.BINARY}: run make build, or set PODPASS_BINARY"


@pytest.fixture(scope="session")
def server(tmp_path_factory, program):
    podpass = Podpass(tmp_path_factory.mktemp("podpass")).start()
    yield podpass
    assert podpass.process.poll() is None, f"the server ended during the tests\n{podpass.log_text()}"
    assert podpass.stop() == 0, podpass.log_text()


_numbers = itertools.count(1)


@pytest.fixture
def name():
    """A name that no other test uses."""
    return f"t{next(_numbers)}"


class World:
    """Makes what a test needs, with root's credentials."""

    def __init__(self, server, name):
        self.server = server
        self.name = name
        self.iam = server.client("iam")
        self.eks = server.client("eks")
        self.s3 = server.client("s3")
        self._count = itertools.count(1)

    def new(self, what):
        return f"{self.name}-{what}-{next(self._count)}"

    def role(self, trust=None, policy=None):
        """A role that pods may use, with one inline policy; its ARN."""
        role = self.iam.create_role(RoleName=self.new("role"), AssumeRolePolicyDocument=json.dumps(trust or TRUST))["Role"]
        if policy:
            self.iam.put_role_policy(RoleName=role["RoleName"], PolicyName="inline", PolicyDocument=json.dumps(policy))
        return role["Arn"]

    def user(self, policy=None):
        """A user's keys and ARN."""
        user = self.iam.create_user(UserName=self.new("user"))["User"]
        if policy:
            self.iam.put_user_policy(UserName=user["UserName"], PolicyName="inline", PolicyDocument=json.dumps(policy))
        return Keys.of(self.iam.create_access_key(UserName=user["UserName"])["AccessKey"]), user["Arn"]

    def associate(self, role_arn, service_account="sa", namespace=None, cluster=CLUSTER, **more):
        return self.eks.create_pod_identity_association(clusterName=cluster, namespace=namespace or self.name,
                                                        serviceAccount=service_account, roleArn=role_arn, **more)["association"]

    def bucket(self, **objects):
        bucket = self.new("bucket")
        self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": podpass_server.REGION})
        for key, body in objects.items():
            self.s3.put_object(Bucket=bucket, Key=key, Body=body)
        return bucket


@pytest.fixture
def world(server, name):
    return World(server, name)


def refused(error_info, code, status=None):
    """The message of a ClientError that has this code."""
    response = error_info.value.response
    assert response["Error"]["Code"] == code, response
    if status:
        assert response["ResponseMetadata"]["HTTPStatusCode"] == status, response
    return response["Error"]["Message"]


@pytest.fixture(name="refused")
def refused_fixture():
    return refused


def pytest_make_parametrize_id(config, val, argname):
    """Short names for long inputs."""
    if isinstance(val, (bytes, str)) and len(val) > 40:
        return f"{argname}-{len(val)}-{val[:12]!r}".replace("\\", "")
    return None
