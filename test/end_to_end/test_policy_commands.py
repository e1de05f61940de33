"""`podpass policy` without a server, and `podpass explain` with one: why a request is refused, and what would allow it."""

import json
import re
import subprocess
import time

import pytest
from botocore.exceptions import ClientError

from podpass_server import ACCOUNT, BINARY, CLUSTER, ROOT, allow

ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"


def policy(*words, stdin=None, code=0):
    done = subprocess.run([BINARY, "policy", *words], input=stdin, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, (words, done)
    return done.stdout


def case(action="s3:GetObject", resource="arn:aws:s3:::b/k", **policies):
    return {"id": action, "request": {"principal": ALICE, "action": action, "resource": resource}, "policies": policies}


def test_evaluate_reads_files_and_standard_input(tmp_path):
    lines = [json.dumps(case(identity=[allow("s3:*", "*")])), "", json.dumps(case("s3:PutObject")), "nonsense"]
    (tmp_path / "cases.jsonl").write_text("\n".join(lines) + "\n")
    for words, stdin in (([str(tmp_path / "cases.jsonl")], None), ([], "\n".join(lines)), (["-", "--json"], "\n".join(lines))):
        answers = [json.loads(line) for line in policy("evaluate", *words, stdin=stdin, code=2).splitlines()]
        assert [answer.get("decision") for answer in answers] == ["allow", "implicitDeny", None]
        assert answers[1]["blockedBy"] == ["identity"]
        assert answers[2]["id"] is None and answers[2]["line"] == 4 and "not JSON" in answers[2]["error"]


def test_the_example_of_the_documentation():
    blocks = re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "policy.md").read_text(), re.DOTALL)
    case_text, decision = (block.replace("\n", "") for block in blocks)
    assert json.loads(policy("evaluate", stdin=case_text)) == json.loads(decision)


def test_a_full_disk_is_told():
    for words in (["evaluate"], ["explain"], ["validate"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([BINARY, "policy", *words], input=json.dumps(case()), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
        assert done.returncode == 1 and done.stderr == "podpass: Cannot write to standard output.\n", (words, done)


def test_control_characters_reach_no_terminal():
    text = policy("explain", stdin=json.dumps(case(resource="arn:aws:s3:::b/\u001b[31mEVIL\nLINE")))
    assert "\x1b" not in text and "arn:aws:s3:::b/\\u001b[31mEVIL\\nLINE" in text
    told = policy("validate", stdin=json.dumps(allow("s3:GetObject", "arn:aws:sqs:::\u001b\nx")))
    assert "\x1b" not in told and "\\u001b\\nx" in told


def test_evaluate_answers_line_by_line(tmp_path):
    """A program may write a case, read its answer, and go on."""
    with subprocess.Popen([BINARY, "policy", "evaluate"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        for action in ("s3:GetObject", "s3:PutObject"):
            process.stdin.write(json.dumps(case(action, identity=[allow("s3:Get*", "*")])) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == action
        process.stdin.close()
        assert process.wait(60) == 0


def test_validate_in_a_pipeline(tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(allow("s3:GetObject", "arn:aws:s3:::b/*")))
    bad.write_text('{"Version": "2012-10-17",\n "Statement": {"Effect": "Allow", "Action": "s3:GetObject"}}')
    assert policy("validate", str(good)) == "1 document: 0 errors, 0 warnings\n"
    told = policy("validate", str(good), str(bad), code=1)
    assert f"{bad}:2:15: error: Policy statement must contain resources." in told
    finding = json.loads(policy("validate", "--json", stdin=json.dumps(allow("s3:GetObjects", "*"))))
    assert finding["code"] == "NoSuchAction" and finding["severity"] == "warning" and finding["line"] == 1
    policy("validate", "--strict", stdin=json.dumps(allow("s3:GetObjects", "*")), code=1)


def test_explain_and_diff_offline(tmp_path):
    text = policy("explain", stdin=json.dumps(case(identity=[allow("s3:PutObject", "*")])))
    assert text.startswith("Denied, as nothing allows it: s3:GetObject on arn:aws:s3:::b/k")
    assert '{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/k"}' in text
    old, new, requests = tmp_path / "old.json", tmp_path / "new.json", tmp_path / "requests.jsonl"
    old.write_text(json.dumps(allow("s3:*", "*")))
    new.write_text(json.dumps(allow("s3:Get*", "*")))
    requests.write_text("\n".join(json.dumps(case(action)) for action in ("s3:GetObject", "s3:PutObject")))
    told = policy("diff", str(old), str(new), "--requests", str(requests), code=1)
    assert told == ('"s3:PutObject": s3:PutObject on arn:aws:s3:::b/k: allow (identity) -> implicitDeny (identity)\n'
                    "1 of 2 requests change their outcome\n")


def test_wrong_commands_say_what_there_is():
    done = subprocess.run([BINARY, "policy", "evaluat"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and done.stderr == "podpass: 'podpass policy evaluat' is not a command. There are evaluate, explain, validate, diff.\n"
    done = subprocess.run([BINARY, "policy", "evaluate", "/nonexistent"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr == "podpass: Cannot read /nonexistent: No such file or directory.\n"
    for command in ("evaluate", "explain", "validate", "diff"):
        assert "Example" in policy(command, "--help")


# --- with a server


def request_id_of(server, event, wait=10):
    """The id of the newest request of that name in the audit trail, which is written soon after."""
    for _ in range(wait * 20):
        records = [json.loads(line) for line in (server.data_dir / "audit.jsonl").read_text().splitlines()]
        found = [record["requestID"] for record in records if record["eventName"] == event and "errorCode" in record]
        if found:
            return found[-1]
        time.sleep(0.05)
    raise AssertionError(f"no refused {event} in the audit trail")


def test_a_refused_request_is_explained_by_its_id(server, world):
    bucket = world.bucket(key=b"x")
    keys, arn = world.user(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*",
                                 Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}}))
    with pytest.raises(ClientError) as refusal:
        server.client("s3", keys).get_object(Bucket=bucket, Key="key")
    request_id = refusal.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-request-id"]
    for _ in range(200):
        if request_id in (server.data_dir / "audit.jsonl").read_text():
            break
        time.sleep(0.05)
    text = server.podpass("explain", request_id).stdout
    assert text.startswith(f"Denied, as nothing allows it: s3:GetObject on arn:aws:s3:::{bucket}/key by {arn}\n")
    assert "identity-based policies, inline: Allow, line 1 column 41: does not apply" in text
    assert 'StringEquals aws:PrincipalTag/team wants "blue"; the request has no such key' in text
    assert "When it was recorded the decision was implicitDeny (identity)." in text
    # What it says would allow it does.
    explained = json.loads(server.podpass("explain", request_id, "--json").stdout)["explanation"]
    remedy = explained["remedies"][0]["statement"]
    world.iam.put_user_policy(UserName=arn.split("/")[-1], PolicyName="remedy",
                              PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [remedy]}))
    assert server.client("s3", keys).get_object(Bucket=bucket, Key="key")["Body"].read() == b"x"
    text = server.podpass("explain", request_id).stdout
    assert text.startswith("Allowed: ") and "When it was recorded the decision was implicitDeny (identity)." in text


def test_a_pod_is_explained_by_its_service_account(server, world):
    bucket = world.bucket(key=b"x")
    role = world.role(policy=allow("s3:GetObject", f"arn:aws:s3:::{bucket}/${{aws:PrincipalTag/kubernetes-namespace}}/*"))
    world.associate(role)
    words = ["explain", "--service-account", "sa", "--namespace", world.name, "--action", "s3:GetObject"]
    allowed = server.podpass(*words, "--resource", f"arn:aws:s3:::{bucket}/{world.name}/key").stdout
    assert allowed.startswith("Allowed: ") and "kubernetes-pod-name" in allowed
    refused = json.loads(server.podpass(*words, "--resource", f"arn:aws:s3:::{bucket}/other/key", "--json").stdout)["explanation"]
    assert refused["decision"] == "implicitDeny" and refused["blockedBy"] == ["identity"]
    statement = refused["statements"][0]
    assert statement["failures"][0]["element"] == "resource" and statement["policyName"] == "inline"
    assert refused["request"]["context"]["aws:PrincipalTag/eks-cluster-name"] == CLUSTER


def test_a_bucket_policy_and_a_boundary_are_explained(server, world):
    bucket = world.bucket(key=b"x")
    _, arn = world.user(allow("s3:*", "*"))
    boundary = world.iam.create_policy(PolicyName=world.new("boundary"), PolicyDocument=json.dumps(allow("ec2:*", "*")))["Policy"]["Arn"]
    world.iam.put_user_permissions_boundary(UserName=arn.split("/")[-1], PermissionsBoundary=boundary)
    world.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Sid": "NoReads", "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/secret/*"}]}))
    words = ["explain", "--principal", arn, "--action", "s3:GetObject", "--json", "--resource"]
    limited = json.loads(server.podpass(*words, f"arn:aws:s3:::{bucket}/key").stdout)["explanation"]
    assert limited["blockedBy"] == ["boundary"] and limited["layers"]["boundary"] == "implicitDeny"
    denied = json.loads(server.podpass(*words, f"arn:aws:s3:::{bucket}/secret/key").stdout)["explanation"]
    assert denied["decision"] == "explicitDeny" and denied["blockedBy"] == ["resource", "boundary"]
    assert any(statement.get("sid") == "NoReads" and statement["applies"] for statement in denied["statements"])


def test_keys_of_the_resource_are_there_as_in_a_real_call(server, world):
    """A data perimeter: the bucket denies all but its own account's resources."""
    bucket = world.bucket(key=b"x")
    keys, arn = world.user(allow("s3:*", "*"))
    world.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}/*",
         "Condition": {"StringNotEquals": {"aws:ResourceAccount": ACCOUNT}}}]}))
    assert server.client("s3", keys).get_object(Bucket=bucket, Key="key")["Body"].read() == b"x"
    text = server.podpass("explain", "--principal", arn, "--action", "s3:GetObject", "--resource", f"arn:aws:s3:::{bucket}/key").stdout
    assert text.startswith("Allowed: ") and "unless they are given" in text
    stranger = server.podpass("explain", "--principal", "arn:aws:iam::999999999999:root", "--action", "eks:ListClusters").stdout
    assert stranger.startswith("Denied")


def test_the_trust_of_a_role_is_explained_to_the_pods_service(server, world):
    role = world.role(trust={"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {"StringEquals": {"aws:RequestTag/eks-cluster-name": "another"}}}]})
    world.associate(role)
    done = server.exec(world.name, "sa", "aws", "sts", "get-caller-identity", check=False)
    assert done.returncode != 0
    text = server.podpass("explain", request_id_of(server, "AssumeRoleForPodIdentity")).stdout
    assert f"sts:AssumeRole on {role} by pods.eks.amazonaws.com" in text
    assert 'StringEquals aws:RequestTag/eks-cluster-name wants "another"; the request has "my-cluster"' in text


def test_recorded_requests_show_what_a_change_would_do(server, world, tmp_path):
    bucket = world.bucket(key=b"x")
    keys, _ = world.user()
    with pytest.raises(ClientError) as refusal:
        server.client("s3", keys).get_object(Bucket=bucket, Key="key")
    request_id = refusal.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-request-id"]
    for _ in range(200):
        trail = [line for line in (server.data_dir / "audit.jsonl").read_text().splitlines() if request_id in line]
        if trail:
            break
        time.sleep(0.05)
    for name, text in (("trail.jsonl", trail[0] + "\n"), ("none.json", "{}"), ("all.json", json.dumps(allow("s3:*", "*")))):
        (tmp_path / name).write_text(text)
    told = policy("diff", str(tmp_path / "none.json"), str(tmp_path / "all.json"), "-r", str(tmp_path / "trail.jsonl"), code=1)
    assert told.startswith(f'"{request_id}": s3:GetObject on arn:aws:s3:::{bucket}/key: implicitDeny (identity) -> allow (identity)\n')


@pytest.mark.parametrize("words, said", [
    (["00000000-0000-0000-0000-000000000000"], "There is no request 00000000-0000-0000-0000-000000000000 in the audit trail"),
    ([], "Give a request id, a file, or --action with --principal or --service-account"),
    (["--principal", f"arn:aws:iam::{ACCOUNT}:user/nobody", "--action", "s3:GetObject"], f"There is no user arn:aws:iam::{ACCOUNT}:user/nobody."),
    (["--principal", f"arn:aws:iam::{ACCOUNT}:role/nothing", "--action", "s3:GetObject"], "There is no role"),
    (["--principal", "me", "--action", "s3:GetObject"], 'request.principal "me" is not the ARN'),
    (["--principal", f"arn:aws:iam::{ACCOUNT}:root", "--action", "read"], "request.action must name a service and an action"),
    (["--principal", f"arn:aws:iam::{ACCOUNT}:root", "--action", "s3:GetObject", "--context", "x"], '--context takes KEY=VALUE, not "x".'),
    (["--service-account", "lost", "--action", "s3:GetObject"], "No pod identity association found for service account lost"),
    (["--service-account", "lost", "--cluster", "gone", "--action", "s3:GetObject"], "No cluster found for name: gone."),
])
def test_explain_says_what_is_wrong(server, words, said):
    done = server.podpass("explain", *words, check=False)
    assert done.returncode == 1 and said in done.stderr and len(done.stderr.splitlines()) <= 2


def test_explaining_needs_permission(server, world):
    keys, _ = world.user(allow("s3:*", "*"))
    done = server.run([BINARY, "explain", "--principal", f"arn:aws:iam::{ACCOUNT}:root", "--action", "s3:GetObject"],
                      server.keys_env(keys), check=False)
    assert done.returncode == 1 and "is not authorized to perform: podpass:Explain" in done.stderr
