"""The program itself: starting, stopping, starting again, being killed, and what it says when it cannot."""

import concurrent.futures
import json
import os
import pathlib
import re
import stat
import subprocess

import pytest

from podpass_server import ACCOUNT, BIN, BINARY, CLUSTER, REGION, TRUST, Keys, Podpass


@pytest.fixture
def podpass(tmp_path):
    server = Podpass(tmp_path).start()
    yield server
    if server.process.poll() is None:
        assert server.stop() == 0, server.log_text()


def test_the_ready_line(podpass):
    ready = podpass.ready
    assert ready["region"] == REGION and ready["account"] == ACCOUNT and ready["cluster"] == CLUSTER
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", ready["endpoint"])
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1/credentials", ready["agent"])
    assert os.path.realpath(ready["dataDir"]) == os.path.realpath(podpass.data_dir)


def test_env(podpass):
    env = podpass.root_env()
    assert env["AWS_ENDPOINT_URL"] == podpass.endpoint
    assert env.get("AWS_REGION") == REGION or env.get("AWS_DEFAULT_REGION") == REGION
    identity = podpass.client("sts").get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{ACCOUNT}:root" and identity["UserId"] == ACCOUNT
    shell = podpass.run(["sh", "-c", f'eval "$({BINARY} env --data-dir {podpass.data_dir})" && {BIN}/aws sts get-caller-identity --query Account --output text'],
                        podpass.bare_env())
    assert shell.stdout == ACCOUNT + "\n"


def test_secrets_stay_secret(podpass):
    """Not in the log, not in the ready line, not in files that others may read."""
    secret = podpass.root_keys().secret_key
    podpass.client("iam").create_user(UserName="user")
    user_secret = podpass.client("iam").create_access_key(UserName="user")["AccessKey"]["SecretAccessKey"]
    assert secret not in json.dumps(podpass.ready)
    holding_secret = []
    closed = stat.S_IMODE(os.stat(podpass.data_dir).st_mode) & 0o077 == 0
    for folder, _, names in os.walk(podpass.data_dir):
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.isfile(path):
                continue
            with open(path, "rb") as file:
                content = file.read()
            assert user_secret.encode() not in content, f"{path} holds a user's secret in clear"
            if secret.encode() in content:
                holding_secret.append(path)
                assert stat.S_IMODE(os.stat(path).st_mode) == 0o600, f"{path} holds root's secret"
            assert closed or stat.S_IMODE(os.stat(path).st_mode) & 0o077 == 0, f"{path} can be read by others"
    assert len(holding_secret) <= 1  # the credentials file
    for name in (secret, user_secret):
        assert name not in podpass.log_text()


def test_everything_is_there_after_a_restart(podpass):
    iam, eks = podpass.client("iam"), podpass.client("eks")
    role = iam.create_role(RoleName="role", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    association = eks.create_pod_identity_association(clusterName=CLUSTER, namespace="ns", serviceAccount="sa", roleArn=role["Arn"])["association"]
    podpass.client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    podpass.client("s3").put_object(Bucket="bucket", Key="key", Body=b"kept")
    session = podpass.pod_keys("ns", "sa")
    root = podpass.root_keys()
    assert podpass.stop() == 0
    podpass._root = None
    podpass.start()
    assert podpass.root_keys() == root
    assert podpass.client("eks").describe_pod_identity_association(clusterName=CLUSTER, associationId=association["associationId"])["association"] == association
    assert podpass.client("iam").get_role(RoleName="role")["Role"]["RoleId"] == role["RoleId"]
    assert podpass.client("s3").get_object(Bucket="bucket", Key="key")["Body"].read() == b"kept"
    assert podpass.client("sts", session).get_caller_identity()["Arn"].startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/role/")
    assert podpass.pod_keys("ns", "sa")


def test_killed_while_writing(podpass):
    """What was acknowledged before kill -9 is there after it, each time; the program needs no repair to start."""
    acknowledged = []

    def write(round_, writer):
        iam = podpass.client("iam")
        try:
            for n in range(1000):
                name = f"role-{round_}-{writer}-{n}"
                iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
                acknowledged.append(name)
        except Exception as error:  # the server is gone, in whatever way the client sees it
            return str(error)
        return "never killed"

    for round_ in range(3):
        before = len(acknowledged)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            writers = [pool.submit(write, round_, writer) for writer in range(4)]
            while len(acknowledged) < before + 40 and not any(writer.done() for writer in writers):
                concurrent.futures.wait(writers, timeout=0.01)
            podpass.kill()
        assert len(acknowledged) >= before + 40, [writer.result() for writer in writers]
        podpass.start()
        listed = {role["RoleName"] for page in podpass.client("iam").get_paginator("list_roles").paginate() for role in page["Roles"]}
        assert set(acknowledged) <= listed


def test_only_one_per_data_directory(podpass):
    second = podpass.run([BINARY, "up", "--port", "0", "--agent-port", "0", "--data-dir", podpass.data_dir], podpass.bare_env(), check=False)
    assert second.returncode != 0 and str(podpass.data_dir) in second.stderr
    assert podpass.client("sts").get_caller_identity()["Account"] == ACCOUNT


def test_a_port_in_use(podpass, tmp_path):
    port = podpass.endpoint.rsplit(":", 1)[1]
    second = podpass.run([BINARY, "up", "--port", port, "--agent-port", "0", "--data-dir", tmp_path / "second"], podpass.bare_env(), check=False)
    assert second.returncode != 0 and port in second.stderr and "in use" in second.stderr


def test_other_names(tmp_path):
    podpass = Podpass(tmp_path, "--account", "444455556666", "--region", "eu-central-1", "--cluster", "edge").start()
    eks = podpass.client("eks")
    described = podpass.signed("eks", "GET", "/clusters/edge", region="eu-central-1").json["cluster"]
    assert described["arn"] == "arn:aws:eks:eu-central-1:444455556666:cluster/edge", described
    assert eks.meta.endpoint_url == podpass.endpoint
    assert podpass.stop() == 0


@pytest.mark.parametrize("arguments", [[], ["no-such-command"], ["up", "--port", "not-a-port"], ["up", "--account", "12"], ["exec"],
                                       ["exec", "--namespace", "ns", "--service-account", "sa"]])
def test_wrong_usage(tmp_path, arguments):
    server = Podpass(tmp_path)
    done = server.run([BINARY, *arguments], server.bare_env(), check=False)
    assert done.returncode not in (0, 134, 139) and (done.stderr or done.stdout)


def test_help_and_version(tmp_path):
    server = Podpass(tmp_path)
    text = server.run([BINARY, "--help"], server.bare_env()).stdout
    for command in ("up", "env", "exec", "token", "agent"):
        assert re.search(rf"^\s+{command}\b", text, re.MULTILINE), text
    assert re.search(r"\d+\.\d+", server.run([BINARY, "--version"], server.bare_env()).stdout)


def test_commands_without_a_server(tmp_path):
    server = Podpass(tmp_path)
    for command in (["token", "--namespace", "ns", "--service-account", "sa"], ["exec", "--namespace", "ns", "--service-account", "sa", "--", "true"], ["env"]):
        done = server.podpass(*command, check=False)
        assert done.returncode not in (0, 134, 139) and "podpass up" in done.stderr, (command, done.stderr)


def test_an_audit_record_for_each_exchange(podpass):
    """One JSON line that joins pod, association, role and the keys that were given."""
    arn = podpass.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    association = podpass.client("eks").create_pod_identity_association(clusterName=CLUSTER, namespace="ns", serviceAccount="sa", roleArn=arn)["association"]
    keys = Keys.of(podpass.ask_agent(podpass.mint("ns", "sa", podName="web-1")).json)
    assert podpass.stop() == 0
    records = []
    for folder, _, names in os.walk(podpass.directory):
        for name in names:
            if not name.endswith((".json", ".jsonl", ".log")):
                continue
            with open(os.path.join(folder, name), errors="replace") as file:
                records += [line for line in file if "AssumeRoleForPodIdentity" in line and line.startswith("{")]
    record = next(line for line in records if keys.access_key in line)
    json.loads(record)
    for part in ("web-1", '"ns"', '"sa"', association["associationId"], arn):
        assert part in record, (part, record)
    assert keys.secret_key not in record and keys.token not in record


def test_no_huge_pages(podpass):
    """The server does without them where its allocator would have too many of them; what exec starts is left as it is."""
    def may_have_them(process):
        return "THP_enabled:\t1" in (process / "status").read_text()
    here, server = pathlib.Path("/proc/self"), pathlib.Path("/proc") / str(podpass.process.pid)
    has_mimalloc = "libmimalloc" in (server / "maps").read_text()
    assert has_mimalloc == (BINARY.parent.name not in ("dev", "asan", "tsan"))
    assert may_have_them(server) == (may_have_them(here) and not has_mimalloc)
    inside = podpass.exec("n", "s", "cat", "/proc/self/status").stdout
    assert ("THP_enabled:\t1" in inside) == may_have_them(here)


def test_exec_in_any_local_cluster(podpass):
    """The embedded agent serves the pods of every cluster that there is, and the clusters' tokens stay apart."""
    iam, eks = podpass.client("iam"), podpass.client("eks")
    role = iam.create_role(RoleName="role", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    eks.create_cluster(name="second", roleArn=role, resourcesVpcConfig={})
    eks.create_pod_identity_association(clusterName="second", namespace="n", serviceAccount="s", roleArn=role)
    whoami = [BIN / "aws", "sts", "get-caller-identity", "--query", "Arn", "--output", "text"]
    assert ":assumed-role/role/eks-second-" in podpass.exec("n", "s", *whoami, flags=["--cluster", "second"]).stdout
    refused = podpass.exec("n", "s", *whoami, check=False)
    assert refused.returncode != 0 and "No pod identity association found" in refused.stderr
    long_name = "a" * 253
    eks.create_pod_identity_association(clusterName="second", namespace="n", serviceAccount=long_name, roleArn=role,
                                        disableSessionTags=True)  # as tags, the names would take too much of the session
    assert ":assumed-role/role/" in podpass.exec("n", long_name, *whoami, flags=["--cluster", "second"]).stdout


def test_the_nodes_role_made_again(podpass):
    iam, eks = podpass.client("iam"), podpass.client("eks")
    role = iam.create_role(RoleName="role", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    eks.create_pod_identity_association(clusterName=CLUSTER, namespace="n", serviceAccount="s", roleArn=role)
    assert podpass.ask_agent(podpass.mint("n", "s")).status == 200
    trust = iam.get_role(RoleName="podpass-node")["Role"]["AssumeRolePolicyDocument"]
    policy = iam.get_role_policy(RoleName="podpass-node", PolicyName="exchange")["PolicyDocument"]
    iam.delete_role_policy(RoleName="podpass-node", PolicyName="exchange")
    iam.delete_role(RoleName="podpass-node")
    answer = podpass.ask_agent(podpass.mint("n", "s"))
    assert answer.status == 500 and "podpass-node was deleted. Restart podpass" in answer.text
    iam.create_role(RoleName="podpass-node", AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName="podpass-node", PolicyName="exchange", PolicyDocument=json.dumps(policy))
    assert podpass.ask_agent(podpass.mint("n", "s")).status == 200


def test_the_printed_next_steps_work(tmp_path):
    server = Podpass(tmp_path)
    server.start()
    server.stop()
    process = subprocess.Popen([BINARY, "up", "--port", "0", "--agent-port", "0", "--data-dir", server.data_dir], stdout=subprocess.PIPE,
                               text=True, env=server.bare_env(), cwd=tmp_path)
    try:
        lines = []
        while not lines or not lines[-1].startswith("Data and audit trail"):
            lines.append(process.stdout.readline())
            assert lines[-1], lines
        steps = "".join(line[2:] for line in lines if line.startswith("  "))
        script = "set -e\n" + steps.replace("podpass ", f"{BINARY} ").split("        the aws CLI")[0] + "\n" + steps.split("\n", 1)[1].replace("podpass ", f"{BINARY} ")
        done = server.run(["bash", "-c", script], server.bare_env())
        assert ":assumed-role/my-role/eks-my-cluster-" in done.stdout
    finally:
        process.terminate()
        assert process.wait(20) == 0


@pytest.mark.parametrize("flags, says", [
    (["-c", "c", "--endpoint", "ftp://x"], "'ftp://x' is not an endpoint"),
    (["-c", "bad/../name", "--endpoint", "http://127.0.0.1:1"], "The cluster name 'bad/../name' is not valid"),
    (["-c", "c", "--endpoint", "http://127.0.0.1:1", "--max-credential-retention-before-renewal", "3 days"], "'3 days' is not a duration"),
])
def test_an_agent_that_could_never_work_does_not_start(podpass, flags, says):
    done = podpass.run([BINARY, "agent", "-b", "127.0.0.1", "-p", "0", "--region", REGION, *flags], podpass.bare_env(), check=False)
    assert done.returncode == 1 and says in done.stderr
