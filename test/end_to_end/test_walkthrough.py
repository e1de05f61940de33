"""The user guide's page "Configure a Kubernetes service account to assume an IAM role with EKS Pod Identity", step by step, by
the aws CLI with nothing configured but what `podpass env` prints. Then a process as that pod."""

import datetime
import json
import re
import subprocess
import time

import pytest

from podpass_server import ACCOUNT, BIN, BINARY, CLIENTS, CLUSTER, COMMAND_SECONDS, REGION, Keys, Podpass, allow

BUCKET = "my-pod-secrets-bucket"
POLICY_ARN = f"arn:aws:iam::{ACCOUNT}:policy/my-policy"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/my-role"

MY_POLICY = """{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::my-pod-secrets-bucket"
        }
    ]
}
"""
TRUST_RELATIONSHIP = """{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "AllowEksAuthToAssumeRoleForPodIdentity",
            "Effect": "Allow",
            "Principal": {
                "Service": "pods.eks.amazonaws.com"
            },
            "Action": [
                "sts:AssumeRole",
                "sts:TagSession"
            ]
        }
    ]
}
"""


@pytest.fixture(scope="module")
def guide(tmp_path_factory, program):
    """A server on which the page's steps were done, and what each printed."""
    podpass = Podpass(tmp_path_factory.mktemp("walkthrough")).start()
    (podpass.directory / "my-policy.json").write_text(MY_POLICY)
    (podpass.directory / "trust-relationship.json").write_text(TRUST_RELATIONSHIP)
    step = {}
    step["create-policy"] = podpass.aws_json("iam create-policy --policy-name my-policy --policy-document file://my-policy.json")
    step["create-role"] = podpass.aws_json(
        'iam create-role --role-name my-role --assume-role-policy-document file://trust-relationship.json --description "my-role-description"')
    step["attach-role-policy"] = podpass.aws(f"iam attach-role-policy --role-name my-role --policy-arn={POLICY_ARN}").stdout
    step["association"] = podpass.aws_json(
        f"eks create-pod-identity-association --cluster-name my-cluster --role-arn {ROLE_ARN} --namespace default --service-account my-service-account")
    podpass.step = step
    s3 = podpass.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=BUCKET, Key="bootstrap.sh", Body=b"echo configured\n")
    s3.create_bucket(Bucket="another-bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="another-bucket", Key="bootstrap.sh", Body=b"not for you\n")
    yield podpass
    assert podpass.stop() == 0, podpass.log_text()


@pytest.fixture(scope="module")
def corrected(guide):
    """The page's sample policy names the bucket, not its objects. Version 2 names them."""
    policy = MY_POLICY.replace(BUCKET, BUCKET + "/*")
    (guide.directory / "my-policy-2.json").write_text(policy)
    guide.literal_read = guide.exec("default", "my-service-account", BIN / "aws", "s3", "cp", f"s3://{BUCKET}/bootstrap.sh", "-", check=False)
    guide.literal_sdk = guide.exec("default", "my-service-account", BIN / "python", CLIENTS / "read_object.py", BUCKET, "bootstrap.sh")
    guide.step["version"] = guide.aws_json(
        f"iam create-policy-version --policy-arn {POLICY_ARN} --policy-document file://my-policy-2.json --set-as-default")
    return guide


def when(value):
    """The CLI prints a wire timestamp as it came: a number or ISO 8601."""
    if isinstance(value, (int, float)):
        return float(value)
    return datetime.datetime.fromisoformat(value).timestamp()


# --- the steps ---------------------------------------------------------------------------------------------------------


def test_create_policy(guide):
    policy = guide.step["create-policy"]["Policy"]
    assert policy["PolicyName"] == "my-policy" and policy["Arn"] == POLICY_ARN
    assert re.fullmatch(r"ANPA[A-Z2-7]{17}", policy["PolicyId"])
    assert policy["Path"] == "/" and policy["DefaultVersionId"] == "v1" and policy["AttachmentCount"] == 0 and policy["IsAttachable"] is True
    assert abs(when(policy["CreateDate"]) - time.time()) < 600


def test_create_role(guide):
    role = guide.step["create-role"]["Role"]
    assert role["RoleName"] == "my-role" and role["Arn"] == ROLE_ARN and role["Path"] == "/"
    assert re.fullmatch(r"AROA[A-Z2-7]{17}", role["RoleId"])
    assert role["AssumeRolePolicyDocument"] == json.loads(TRUST_RELATIONSHIP)
    assert guide.step["attach-role-policy"] == ""


def test_create_association(guide):
    association = dict(guide.step["association"]["association"])
    created, modified = when(association.pop("createdAt")), when(association.pop("modifiedAt"))
    assert created == modified and abs(created - time.time()) < 600
    identity = association.pop("associationId")
    assert re.fullmatch(r"a-[a-z0-9]{17}", identity)
    assert association.pop("disableSessionTags", False) is False
    assert association == {
        "clusterName": CLUSTER,
        "namespace": "default",
        "serviceAccount": "my-service-account",
        "roleArn": ROLE_ARN,
        "associationArn": f"arn:aws:eks:{REGION}:{ACCOUNT}:podidentityassociation/my-cluster/{identity}",
        "tags": {},
    }


def test_get_role(guide):
    assert guide.aws_json("iam get-role --role-name my-role --query Role.AssumeRolePolicyDocument") == json.loads(TRUST_RELATIONSHIP)
    assert guide.aws_json("iam get-role --role-name my-role")["Role"]["Description"] == "my-role-description"


def test_list_attached_role_policies(guide):
    done = guide.aws("iam list-attached-role-policies --role-name my-role --query AttachedPolicies[].PolicyArn --output text")
    assert done.stdout == POLICY_ARN + "\n"


def test_get_policy(guide):
    policy = guide.aws_json(f"iam get-policy --policy-arn {POLICY_ARN}")["Policy"]
    assert policy["PolicyName"] == "my-policy" and policy["Arn"] == POLICY_ARN and policy["Path"] == "/"
    assert policy["AttachmentCount"] == 1


def test_get_policy_version(guide):
    version = guide.aws_json(f"iam get-policy-version --policy-arn {POLICY_ARN} --version-id v1")["PolicyVersion"]
    assert version["Document"] == json.loads(MY_POLICY) and version["VersionId"] == "v1"


# --- the process ---------------------------------------------------------------------------------------------------------


def test_the_literal_policy_permits_no_object(corrected):
    assert corrected.literal_read.returncode == 1
    assert "403" in corrected.literal_read.stderr or "AccessDenied" in corrected.literal_read.stderr
    said = json.loads(corrected.literal_sdk.stdout)
    assert said["error"] == "AccessDenied"
    assert_denied(said["message"], "s3:GetObject", f"arn:aws:s3:::{BUCKET}/bootstrap.sh")


def assert_denied(message, action, resource):
    """The sentence that names who, what and which permission is missing."""
    who = rf"User: arn:aws:sts::{ACCOUNT}:assumed-role/my-role/eks-my-cluster-\S+"
    assert re.fullmatch(
        rf'{who} is not authorized to perform: {action} on resource: "?{re.escape(resource)}"? '
        rf"because no identity-based policy allows the {action} action", message), message


def test_cli_reads_the_object(corrected):
    done = corrected.exec("default", "my-service-account", BIN / "aws", "s3", "cp", f"s3://{BUCKET}/bootstrap.sh", "-")
    assert done.stdout == "echo configured\n"


def test_boto3_reads_the_object(corrected):
    done = corrected.exec("default", "my-service-account", BIN / "python", CLIENTS / "read_object.py", BUCKET, "bootstrap.sh")
    said = json.loads(done.stdout)
    assert said["body"] == "echo configured\n" and said["method"] == "container-role"


def test_javascript_reads_the_object(corrected):
    done = corrected.exec("default", "my-service-account", "node", CLIENTS / "read_object.cjs", BUCKET, "bootstrap.sh")
    said = json.loads(done.stdout)
    assert said.get("body") == "echo configured\n", said
    assert said["arn"].startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/my-role/eks-my-cluster-")


def test_caller_identity_is_the_session(corrected):
    done = corrected.exec("default", "my-service-account", BIN / "aws", "sts", "get-caller-identity", flags=("--pod", "web-7d4b9c-x2x8k"))
    said = json.loads(done.stdout)
    uuid = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    session = rf"eks-my-cluster-web-7d4b9c-{uuid}"  # ten characters of the cluster, ten of the pod
    assert said["Account"] == ACCOUNT
    assert re.fullmatch(rf"arn:aws:sts::{ACCOUNT}:assumed-role/my-role/{session}", said["Arn"]), said
    assert re.fullmatch(rf"AROA[A-Z2-7]{{17}}:{session}", said["UserId"]), said


def test_writing_is_refused(corrected):
    done = corrected.exec("default", "my-service-account", BIN / "aws", "s3api", "put-object", "--bucket", BUCKET, "--key", "bootstrap.sh",
                          check=False)
    assert done.returncode != 0
    message = re.search(r"\(AccessDenied\) when calling the PutObject operation: (.*)", done.stderr)
    assert message, done.stderr
    assert_denied(message.group(1).strip(), "s3:PutObject", f"arn:aws:s3:::{BUCKET}/bootstrap.sh")


def test_another_bucket_is_refused(corrected):
    done = corrected.exec("default", "my-service-account", BIN / "python", CLIENTS / "read_object.py", "another-bucket", "bootstrap.sh")
    said = json.loads(done.stdout)
    assert said["error"] == "AccessDenied"
    assert_denied(said["message"], "s3:GetObject", "arn:aws:s3:::another-bucket/bootstrap.sh")


def test_another_service_account_gets_nothing(corrected):
    answer = corrected.ask_agent(corrected.token("default", "somebody-else"))
    assert answer.status == 404 and "ResourceNotFoundException" in answer.text


def test_the_first_version_is_still_there(corrected):
    assert corrected.step["version"]["PolicyVersion"]["VersionId"] == "v2"
    versions = corrected.aws_json(f"iam list-policy-versions --policy-arn {POLICY_ARN}")["Versions"]
    assert [(v["VersionId"], v["IsDefaultVersion"]) for v in versions] == [("v2", True), ("v1", False)]


# --- denied, word for word -------------------------------------------------------------------------------------------------


def cli_error(done):
    """(code, message) of what the CLI printed."""
    found = re.search(r"An error occurred \((\w+)\) when calling the \w+ operation[^:]*: (.*)", done.stderr)
    assert done.returncode != 0 and found, done.stderr
    return found.group(1), found.group(2).strip()


def create_association(guide, role_arn, service_account, env=None):
    return guide.aws(f"eks create-pod-identity-association --cluster-name my-cluster --role-arn {role_arn} --namespace default "
                     f"--service-account {service_account}", check=False, env=env)


def test_without_pass_role(guide):
    iam = guide.client("iam")
    iam.create_user(UserName="admin")
    key = iam.create_access_key(UserName="admin")["AccessKey"]
    env = guide.keys_env(Keys.of(key))
    cluster_arn = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/my-cluster"
    user = f"User: arn:aws:iam::{ACCOUNT}:user/admin is not authorized to perform:"

    assert cli_error(create_association(guide, ROLE_ARN, "passed", env)) == (
        "AccessDeniedException", f"{user} eks:CreatePodIdentityAssociation on resource: {cluster_arn} because no identity-based policy "
        "allows the eks:CreatePodIdentityAssociation action")
    statements = allow("eks:CreatePodIdentityAssociation", cluster_arn)
    iam.put_user_policy(UserName="admin", PolicyName="p", PolicyDocument=json.dumps(statements))
    assert cli_error(create_association(guide, ROLE_ARN, "passed", env)) == (
        "AccessDeniedException",
        f"{user} iam:PassRole on resource: {ROLE_ARN} because no identity-based policy allows the iam:PassRole action")
    passing = {"StringEquals": {"iam:PassedToService": "pods.eks.amazonaws.com"}, "ArnEquals": {"iam:AssociatedResourceArn": cluster_arn}}
    statements["Statement"] += allow("iam:PassRole", ROLE_ARN, Condition=passing)["Statement"]
    iam.put_user_policy(UserName="admin", PolicyName="p", PolicyDocument=json.dumps(statements))
    assert create_association(guide, ROLE_ARN, "passed", env).returncode == 0


def test_role_without_tag_session(guide):
    document = json.loads(TRUST_RELATIONSHIP)
    document["Statement"][0]["Action"] = ["sts:AssumeRole"]
    arn = guide.client("iam").create_role(RoleName="no-tags", AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
    assert cli_error(create_association(guide, arn, "untagged")) == (
        "InvalidParameterException", "Trust policy of the role provided is invalid.")


def test_role_that_trusts_somebody_else(guide):
    document = json.loads(TRUST_RELATIONSHIP.replace("pods.eks", "ec2"))
    arn = guide.client("iam").create_role(RoleName="for-ec2", AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
    assert cli_error(create_association(guide, arn, "for-ec2")) == (
        "InvalidParameterException", "Trust policy of the role provided is invalid.")


def test_unknown_role(guide):
    assert cli_error(create_association(guide, f"arn:aws:iam::{ACCOUNT}:role/nobody", "unknown")) == (
        "InvalidParameterException", "Role provided in the request does not exist.")


def test_unknown_cluster(guide):
    done = guide.aws("eks create-pod-identity-association --cluster-name other --namespace default --service-account x "
                     f"--role-arn {ROLE_ARN}", check=False)
    assert cli_error(done) == ("ResourceNotFoundException", "No cluster found for name: other.")


def test_the_same_service_account_twice(guide):
    identity = guide.step["association"]["association"]["associationId"]
    assert cli_error(create_association(guide, ROLE_ARN, "my-service-account")) == (
        "ResourceInUseException", f"Association already exists: {identity}")


# --- podpass exec ------------------------------------------------------------------------------------------------------------


def test_exec_passes_exit_codes_on(corrected):
    for code in (0, 3, 77):
        assert corrected.exec("default", "my-service-account", "sh", "-c", f"exit {code}", check=False).returncode == code
    missing = corrected.exec("default", "my-service-account", "no-such-program", check=False)
    assert missing.returncode == 127 and "no-such-program" in missing.stderr


def test_exec_passes_signals_on(corrected):
    script = 'trap "kill $!; exit 5" TERM; sleep 60 & echo ready; wait'
    command = [BINARY, "exec", "--data-dir", corrected.data_dir, "--namespace", "default", "--service-account", "my-service-account", "--",
               "sh", "-c", script]
    with subprocess.Popen(command, env=corrected.bare_env(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        assert process.wait(COMMAND_SECONDS) == 5


def test_exec_lets_no_other_credentials_in(corrected):
    """Neither from the environment nor from the home directory."""
    home = corrected.directory / "home"
    (home / ".aws").mkdir(parents=True, exist_ok=True)
    (home / ".aws" / "credentials").write_text("[default]\naws_access_key_id = AKIALEAKLEAKLEAKLEAK\naws_secret_access_key = leak\n")
    (home / ".aws" / "config").write_text("[default]\nregion = eu-north-1\nendpoint_url = http://127.0.0.1:9\n")
    env = corrected.bare_env(HOME=str(home), AWS_ACCESS_KEY_ID="AKIALEAKLEAKLEAKLEAK", AWS_SECRET_ACCESS_KEY="leak", AWS_SESSION_TOKEN="leak",
                             AWS_PROFILE="leak", AWS_ROLE_ARN="arn:aws:iam::111122223333:role/leak", AWS_WEB_IDENTITY_TOKEN_FILE="/leak",
                             AWS_CONTAINER_CREDENTIALS_RELATIVE_URI="/leak", AWS_CONTAINER_AUTHORIZATION_TOKEN="leak")
    del env["AWS_CONFIG_FILE"], env["AWS_SHARED_CREDENTIALS_FILE"]
    done = corrected.exec("default", "my-service-account", BIN / "python", CLIENTS / "read_object.py", BUCKET, "bootstrap.sh", env=env)
    assert json.loads(done.stdout)["body"] == "echo configured\n"
    inside = corrected.exec("default", "my-service-account", "env", env=env).stdout
    assert "leak" not in inside.lower()
    variables = dict(line.split("=", 1) for line in inside.splitlines() if "=" in line)
    assert variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == corrected.agent
    assert variables["AWS_ENDPOINT_URL"] == corrected.endpoint and variables["AWS_REGION"] == REGION


def test_exec_token_file(corrected):
    """A whole token, no newline, readable by its owner only, gone when the process is."""
    script = 'stat -c %a "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"; echo "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"; cat "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"'
    mode, path, token = corrected.exec("default", "my-service-account", "sh", "-c", script).stdout.split("\n")
    assert mode == "600" and token.count(".") == 2
    assert not corrected.run(["ls", path], corrected.bare_env(), check=False).stdout


# --- the end -------------------------------------------------------------------------------------------------------------


def test_deleting_the_association_stops_new_exchanges_at_once(guide):
    created = json.loads(create_association(guide, ROLE_ARN, "short-lived").stdout)["association"]
    token = guide.token("default", "short-lived")
    eks_auth = guide.client("eks-auth")
    assert eks_auth.assume_role_for_pod_identity(clusterName=CLUSTER, token=token)["podIdentityAssociation"]["associationId"] == created["associationId"]
    assert guide.ask_agent(guide.token("default", "short-lived")).status == 200
    deleted = guide.aws_json(f"eks delete-pod-identity-association --cluster-name my-cluster --association-id {created['associationId']}")
    assert deleted["association"]["associationId"] == created["associationId"]
    with pytest.raises(eks_auth.exceptions.ResourceNotFoundException):
        eks_auth.assume_role_for_pod_identity(clusterName=CLUSTER, token=token)
    assert guide.ask_agent(guide.token("default", "short-lived")).status == 404
