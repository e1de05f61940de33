"""IAM roles for service accounts: real clients that have a role's ARN and a token file, and nothing else."""

import json
import urllib.parse

import boto3
import botocore
import botocore.config
import botocore.exceptions
import pytest

from podpass_server import ACCOUNT, BIN, CLIENTS, REGION, allow

AUDIENCE = "sts.amazonaws.com"
NOT_AUTHORIZED = "Not authorized to perform sts:AssumeRoleWithWebIdentity"


class Irsa:
    """A cluster of its own, its issuer as a provider, a role for one service account, and an object that the role may read."""

    def __init__(self, server, world):
        self.server, self.world = server, world
        self.cluster = self.new_cluster()
        self.issuer = self.issuer_of(self.cluster)
        self.host = self.issuer.split("://")[1]
        self.provider = server.aws_json(
            f"iam create-open-id-connect-provider --url {self.issuer} --client-id-list {AUDIENCE}")["OpenIDConnectProviderArn"]
        self.bucket = world.bucket(object=b"for pods only\n")
        self.role = world.role(trust=self.trust(), policy=allow("s3:GetObject", f"arn:aws:s3:::{self.bucket}/*"))
        self.file = server.directory / f"{world.name}-token"
        self.write(self.token())

    def new_cluster(self):
        name = self.world.new("cluster")
        self.world.eks.create_cluster(name=name, roleArn="arn:aws:iam::111122223333:role/cluster", resourcesVpcConfig={})
        return name

    def issuer_of(self, cluster):
        return self.world.eks.describe_cluster(name=cluster)["cluster"]["identity"]["oidc"]["issuer"]

    def trust(self, subject="system:serviceaccount:default:sa"):
        return {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Federated": self.provider}, "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{self.host}:sub": subject, f"{self.host}:aud": AUDIENCE}}}]}

    def token(self, *flags, cluster=None, audience=AUDIENCE, service_account="sa"):
        return self.server.token("default", service_account, "--cluster", cluster or self.cluster, "--audience", audience, *flags)

    def write(self, token):
        self.file.write_text(token)

    def env(self, **more):
        """What the EKS webhook gives a pod."""
        return self.server.bare_env(AWS_ROLE_ARN=self.role, AWS_WEB_IDENTITY_TOKEN_FILE=str(self.file), AWS_REGION=REGION,
                                    AWS_DEFAULT_REGION=REGION, AWS_ENDPOINT_URL=self.server.endpoint, **more)

    def assume(self, token, **more):
        """By boto3, without credentials."""
        sts = boto3.session.Session(region_name=REGION).client(
            "sts", endpoint_url=self.server.endpoint,
            config=botocore.config.Config(signature_version=botocore.UNSIGNED, retries={"total_max_attempts": 1}))
        return sts.assume_role_with_web_identity(RoleArn=self.role, RoleSessionName="one", WebIdentityToken=token, **more)


@pytest.fixture
def irsa(server, world):
    return Irsa(server, world)


def session_arn(irsa, session):
    return f"arn:aws:sts::{ACCOUNT}:assumed-role/{irsa.role.rsplit('/', 1)[1]}/{session}"


# --- it works ----------------------------------------------------------------------------------------------------------

def test_the_cli(server, irsa):
    env = irsa.env(AWS_ROLE_SESSION_NAME="by-cli")
    assert server.aws_json("sts get-caller-identity", env=env)["Arn"] == session_arn(irsa, "by-cli")
    assert server.aws(f"s3 cp s3://{irsa.bucket}/object -", env=env).stdout == "for pods only\n"
    assert "AccessDenied" in server.aws("s3 ls", env=env, check=False).stderr  # the role's permissions are the session's


def test_boto3(server, irsa):
    done = server.run([BIN / "python", CLIENTS / "read_object.py", irsa.bucket, "object"], irsa.env())
    said = json.loads(done.stdout)
    assert said["method"] == "assume-role-with-web-identity", said
    assert said["body"] == "for pods only\n", said
    assert said["arn"].startswith(session_arn(irsa, "")), said


def test_javascript(server, irsa):
    done = server.run(["node", CLIENTS / "read_object.cjs", irsa.bucket, "object"], irsa.env(AWS_ROLE_SESSION_NAME="by-node"))
    said = json.loads(done.stdout)
    assert said.get("body") == "for pods only\n", said
    assert said["arn"] == session_arn(irsa, "by-node")


def test_what_is_answered(irsa):
    token = irsa.token()
    answer = irsa.assume(token, DurationSeconds=900)
    assert answer["AssumedRoleUser"]["Arn"] == session_arn(irsa, "one")
    assert answer["SubjectFromWebIdentityToken"] == "system:serviceaccount:default:sa"
    assert answer["Audience"] == AUDIENCE and answer["Provider"] == irsa.provider
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")


def test_a_renewed_token_file_is_read_again(server, irsa):
    """SDKs read the file at each exchange, so one that the kubelet renewed is taken."""
    irsa.write("not yet a token")
    assert "InvalidIdentityToken" in server.aws("sts get-caller-identity", env=irsa.env(), check=False).stderr
    irsa.write(irsa.token())
    assert server.aws("sts get-caller-identity", env=irsa.env()).stdout


def test_the_audit_record(server, irsa):
    answer = irsa.assume(irsa.token())
    key = answer["Credentials"]["AccessKeyId"]
    wanted = server.client("sts").get_caller_identity()["ResponseMetadata"]["RequestId"]  # written behind it
    records = []
    while not any(record["requestID"] == wanted for record in records):
        records = [json.loads(line) for line in (server.data_dir / "audit.jsonl").read_text().splitlines(keepends=True) if line.endswith("\n")]
    record, = [r for r in records if r.get("additionalEventData", {}).get("accessKeyId") == key]
    subject = "system:serviceaccount:default:sa"
    assert record["userIdentity"] == {"type": "WebIdentityUser", "principalId": f"{irsa.provider}:{AUDIENCE}:{subject}",
                                      "userName": subject, "identityProvider": irsa.provider}
    assert record["eventName"] == "AssumeRoleWithWebIdentity" and record["outcome"] == "success"
    assert record["requestParameters"]["WebIdentityToken"] == "HIDDEN_DUE_TO_SECURITY_REASONS"
    assert record["additionalEventData"]["cluster"] == irsa.cluster


# --- it is refused -----------------------------------------------------------------------------------------------------

def fails(irsa, token, code, refused, status=400):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        irsa.assume(token)
    return refused(error, code, status)


def test_another_audience(irsa, refused):
    assert fails(irsa, irsa.token(audience="pods.eks.amazonaws.com"), "InvalidIdentityToken", refused) == "Incorrect token audience"


def test_another_clusters_token(irsa, refused):
    other = irsa.new_cluster()
    said = fails(irsa, irsa.token(cluster=other), "InvalidIdentityToken", refused)
    assert said == f"No OpenIDConnect provider found in your account for {irsa.issuer_of(other)}"


def test_another_clusters_provider(irsa, refused):
    """Its cluster's tokens are good, but the role trusts another provider."""
    other = irsa.new_cluster()
    irsa.world.iam.create_open_id_connect_provider(Url=irsa.issuer_of(other), ClientIDList=[AUDIENCE])
    assert fails(irsa, irsa.token(cluster=other), "AccessDenied", refused, 403) == NOT_AUTHORIZED


def test_another_service_account(server, irsa, refused):
    assert fails(irsa, irsa.token(service_account="other"), "AccessDenied", refused, 403) == NOT_AUTHORIZED
    irsa.write(irsa.token(service_account="other"))
    done = server.aws("sts get-caller-identity", env=irsa.env(), check=False)
    assert done.returncode != 0 and NOT_AUTHORIZED in done.stderr


def test_the_condition_on_the_subject(irsa, refused):
    token = irsa.token()
    role = irsa.role.rsplit("/", 1)[1]
    irsa.world.iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(irsa.trust("system:serviceaccount:default:sb")))
    assert fails(irsa, token, "AccessDenied", refused, 403) == NOT_AUTHORIZED
    irsa.world.iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(irsa.trust("system:serviceaccount:default:sa")))
    assert irsa.assume(token)


def test_a_deleted_provider(server, irsa, refused):
    token = irsa.token()
    assert irsa.assume(token)
    server.aws(f"iam delete-open-id-connect-provider --open-id-connect-provider-arn {irsa.provider}")
    assert fails(irsa, token, "InvalidIdentityToken", refused) == f"No OpenIDConnect provider found in your account for {irsa.issuer}"


def test_a_deleted_cluster(irsa, refused):
    token = irsa.token()
    irsa.world.eks.delete_cluster(name=irsa.cluster)
    assert irsa.issuer in fails(irsa, token, "InvalidIdentityToken", refused)


def test_a_forged_token(irsa, refused):
    head, claims, signature = irsa.token().split(".")
    forged = ".".join([head, claims, ("A" if signature[0] != "A" else "B") + signature[1:]])
    assert fails(irsa, forged, "InvalidIdentityToken", refused) == "The ID Token provided is not valid: its signature is wrong."


def test_a_role_that_is_not_there(irsa, refused):
    token = irsa.token()
    irsa.role += "x"
    assert fails(irsa, token, "AccessDenied", refused, 403) == NOT_AUTHORIZED


# --- the wire ----------------------------------------------------------------------------------------------------------

def test_a_form_without_a_signature(server, irsa):
    form = urllib.parse.urlencode({"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": irsa.role,
                                   "RoleSessionName": "one", "WebIdentityToken": irsa.token()})
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert server.send("POST", "/", form.encode(), kind).status == 200
    assert server.send("GET", f"/?{form}", headers={"Host": "sts.us-west-2.amazonaws.com"}).status == 200
    assert server.signed("sts", "POST", "/", form, kind).status == 200
    other = server.send("POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15", kind)
    assert other.status == 403 and "MissingAuthenticationToken" in other.text


# --- providers ---------------------------------------------------------------------------------------------------------

def test_providers_by_the_cli(server, world):
    arn = server.aws_json(f"iam create-open-id-connect-provider --url https://{world.name}.example.com/id/1 --client-id-list app "
                          f"--thumbprint-list {'A' * 40} --tags Key=team,Value=blue")["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:oidc-provider/{world.name}.example.com/id/1"
    on = f"--open-id-connect-provider-arn {arn}"
    server.aws(f"iam add-client-id-to-open-id-connect-provider {on} --client-id more")
    server.aws(f"iam remove-client-id-from-open-id-connect-provider {on} --client-id app")
    server.aws(f"iam update-open-id-connect-provider-thumbprint {on} --thumbprint-list {'b' * 40}")
    server.aws(f"iam tag-open-id-connect-provider {on} --tags Key=env,Value=test")
    server.aws(f"iam untag-open-id-connect-provider {on} --tag-keys team")
    said = server.aws_json(f"iam get-open-id-connect-provider {on}")
    assert said["Url"] == f"{world.name}.example.com/id/1" and said["ClientIDList"] == ["more"]
    assert said["ThumbprintList"] == ["b" * 40] and said["Tags"] == [{"Key": "env", "Value": "test"}]
    assert server.aws_json(f"iam list-open-id-connect-provider-tags {on}")["Tags"] == said["Tags"]
    assert {"Arn": arn} in server.aws_json("iam list-open-id-connect-providers")["OpenIDConnectProviderList"]
    server.aws(f"iam delete-open-id-connect-provider {on}")
    gone = server.aws(f"iam get-open-id-connect-provider {on}", check=False)
    assert f"(NoSuchEntity) when calling the GetOpenIDConnectProvider operation: OpenIDConnect Provider not found for arn {arn}" in gone.stderr


def test_a_url_without_https(world, refused):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        world.iam.create_open_id_connect_provider(Url="http://oidc.example.com")
    assert "must begin with https://" in refused(error, "InvalidInput", 400)
