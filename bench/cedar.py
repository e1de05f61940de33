#!/usr/bin/env python3
"""A decision of src/policy beside one of Cedar, in the same run, on policies that say the same.

    build/bench_venv/bin/python bench/cedar.py [--release build/release]

The policies are those of bench/policy_bench.cc. Before anything is timed, Cedar's validator takes them, and `podpass policy
evaluate` and Cedar must decide the request alike, and every variation of it. How IAM's words are put in Cedar's:

- An action with a star is a group of actions: Action::"s3:GetObject" is in Action::"s3:Get*". A statement's list of them is one
  group of those groups.
- Cedar has neither stars in ids nor variables in patterns. A resource's ARN, and the folder it is in, are attributes of it.
- The caller's keys (tags, aws:userid) are attributes of the principal, the others are in the context.

Where Cedar could be asked in several ways, this is the one that it answers soonest: one group is quicker than a list of three,
and a tag that the schema says is there need not be asked for with `has`.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

try:
    import cedarpy
except ImportError:
    sys.exit("cedar: no cedarpy here. Run scripts/setup bench, then build/bench_venv/bin/python bench/cedar.py")

ROOT = pathlib.Path(__file__).resolve().parent.parent
BATCH, BATCHES = 50, 400  # short, so that some batches are not disturbed by what else runs: cedarpy times by the wall's clock

REQUEST = {
    "principal": "arn:aws:sts::111122223333:assumed-role/app/one", "action": "s3:GetObject",
    "resource": "arn:aws:s3:::data/blue/key", "resourceAccount": "111122223333",
    "context": {
        "aws:PrincipalArn": "arn:aws:iam::111122223333:role/team/app", "aws:PrincipalAccount": "111122223333",
        "aws:PrincipalType": "AssumedRole", "aws:userid": "AROAEXAMPLEEXAMPLE123:eks-prod-app-1",
        "aws:SourceIp": "10.1.2.3", "aws:SecureTransport": "true", "aws:CurrentTime": "2026-01-01T00:00:00Z",
        "aws:EpochTime": "1767225600", "aws:RequestedRegion": "eu-west-1", "aws:UserAgent": "aws-sdk-go/1.0",
        "aws:PrincipalTag/eks-cluster-arn": "arn:aws:eks:eu-west-1:111122223333:cluster/prod",
        "aws:PrincipalTag/eks-cluster-name": "prod", "aws:PrincipalTag/kubernetes-namespace": "default",
        "aws:PrincipalTag/kubernetes-service-account": "app", "aws:PrincipalTag/team": "blue"}}

# Each changes the decision of at least one case, or shows that it must not.
VARIATIONS = [
    {}, {"action": "s3:PutObject"}, {"action": "s3:GetBucketTagging"}, {"resource": "arn:aws:s3:::other/blue/key"},
    {"resource": "arn:aws:s3:::data/green/key"}, {"aws:RequestedRegion": "us-east-1"}, {"aws:SecureTransport": "false"},
    {"aws:PrincipalTag/team": "team7"}, {"aws:PrincipalTag/team": "team7", "aws:userid": "AROAEXAMPLE:x"},
    {"aws:PrincipalTag/team": "team7", "resource": "arn:aws:s3:::data/team7/key"},
    {"action": "svc7:GetThing", "resource": "arn:aws:svc7:eu-west-1:111122223333:thing/1"},
    {"action": "svc7:Describe", "resource": "arn:aws:svc7:eu-west-1:111122223333:thing/1"},
    {"action": "svc7:ListThings", "resource": "arn:aws:svc7:eu-west-1:444455556666:thing/1"}]


def one():
    """BM_OneStatement: one action, one prefix."""
    yield ({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"},
           'permit(principal, action == Action::"s3:GetObject", resource) when { resource.arn like "arn:aws:s3:::data/*" };')


def one_of_them(statements):
    """BM_OneOfThem: two conditions and a variable each, the last is about the action."""
    region = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    for n in range(1, statements):
        thing = f"arn:aws:svc{n}:*:111122223333:thing/*"
        yield ({"Effect": "Allow", "Action": [f"svc{n}:Get*", f"svc{n}:List*", f"svc{n}:Describe"], "Resource": thing,
                "Condition": region | {"StringLike": {"aws:PrincipalTag/team": "${aws:PrincipalTag/team}*"}}},
               f'permit(principal, action in Action::"svc{n}:Read", resource) when {{ resource.arn like "{thing}" && '
               'context.RequestedRegion == "eu-west-1" && principal.tags has team };')  # what is there begins with itself
    yield ({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/${aws:PrincipalTag/team}/*",
            "Condition": region | {"Bool": {"aws:SecureTransport": "true"}}},
           'permit(principal, action == Action::"s3:GetObject", resource) when { resource.arn like "arn:aws:s3:::data/*" && '
           'resource.folder == principal.tags.team && context.RequestedRegion == "eu-west-1" && context.SecureTransport };')


def all_of_them(statements):
    """BM_AllOfThem: all are about action and resource, and the first condition of each fails."""
    for n in range(statements):
        yield ({"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::data/*", "Condition": {
            "StringEquals": {"aws:PrincipalTag/team": f"team{n}"}, "StringLike": {"aws:userid": "AROA*:x"}}},
               'permit(principal, action in Action::"s3:Get*", resource) when { resource.arn like "arn:aws:s3:::data/*" && '
               f'principal.tags.team == "team{n}" && principal.userid like "AROA*:x" }};')


CASES = [("one statement", "BM_OneStatement", list(one())),
         ("10 statements, one about the action", "BM_OneOfThem/10", list(one_of_them(10))),
         ("50 statements, one about the action", "BM_OneOfThem/50", list(one_of_them(50))),
         ("50 statements, all about the action", "BM_AllOfThem/50", list(all_of_them(50)))]


def schema():
    applies = ('appliesTo { principal: [Session], resource: [Resource], context: { SourceIp: String, SecureTransport: Bool, '
               'CurrentTime: String, EpochTime: Long, RequestedRegion: String, UserAgent: String } };')
    tags = ["team: String", *(f'"{key.split("/")[1]}"?: String' for key in REQUEST["context"] if "/" in key and "team" not in key)]
    groups = {"s3:Get*": None, "s3:Put*": None}
    for n in range(1, 50):
        groups |= {f"svc{n}:Read": None} | {f"svc{n}:{name}": f"svc{n}:Read" for name in ("Get*", "List*", "Describe")}
    actions = {"s3:GetObject": "s3:Get*", "s3:GetBucketTagging": "s3:Get*", "s3:PutObject": "s3:Put*",
               "svc7:GetThing": "svc7:Get*", "svc7:ListThings": "svc7:List*"}
    lines = [f"entity Session {{ arn: String, account: String, type: String, userid: String, tags: {{ {', '.join(tags)} }} }};",
             "entity Resource { arn: String, folder: String };"]
    for name, group in (groups | actions).items():
        within = f'in ["{group}"]' if group else ""
        lines.append(f'action "{name}" {within} {applies}')
    return "\n".join(lines)


def varied(change):
    context = REQUEST["context"] | {key: value for key, value in change.items() if key.startswith("aws:")}
    return REQUEST | {key: value for key, value in change.items() if key in REQUEST} | {"context": context}


def in_cedar(request, schema_):
    """The request, and the entities that it names."""
    given = request["context"]
    principal, resource = {"type": "Session", "id": request["principal"]}, {"type": "Resource", "id": request["resource"]}
    path = request["resource"].split(":")[5]
    tags = {key.split("/")[1]: value for key, value in given.items() if "/" in key}
    entities = [
        {"uid": principal, "parents": [], "attrs": {
            "arn": given["aws:PrincipalArn"], "account": given["aws:PrincipalAccount"], "type": given["aws:PrincipalType"],
            "userid": given["aws:userid"], "tags": tags}},
        {"uid": resource, "parents": [], "attrs": {
            "arn": request["resource"], "folder": path.split("/")[1] if path.count("/") > 1 else ""}}]
    context = {name: given["aws:" + name] for name in ("SourceIp", "CurrentTime", "RequestedRegion", "UserAgent")}
    context |= {"SecureTransport": given["aws:SecureTransport"] == "true", "EpochTime": int(given["aws:EpochTime"])}
    return ({"principal": principal, "action": {"type": "Action", "id": request["action"]}, "resource": resource,
             "context": json.dumps(context)}, cedarpy.Entities.from_json_str(json.dumps(entities), schema_))


def check(release, schema_):
    """Both engines, every case, every variation of the request: one decision."""
    asked = [(name, statements, varied(change)) for name, _, statements in CASES for change in VARIATIONS]
    lines = "".join(json.dumps({"request": request, "policies": {"identity": [
        {"Version": "2012-10-17", "Statement": [iam for iam, _ in statements]}]}}) + "\n" for _, statements, request in asked)
    told = subprocess.run([release / "podpass", "policy", "evaluate"], input=lines, capture_output=True, text=True, check=True)
    ours = [json.loads(line)["decision"] == "allow" for line in told.stdout.splitlines()]
    for (name, statements, request), allowed in zip(asked, ours, strict=True):
        query, entities = in_cedar(request, schema_)
        answer = cedarpy.is_authorized(query, "\n".join(cedar for _, cedar in statements), entities, schema_)
        if answer.allowed != allowed or answer.diagnostics.errors:
            sys.exit(f"cedar: {name}: podpass {'allows' if allowed else 'denies'}, Cedar says {answer.decision} "
                     f"{answer.diagnostics.errors}: {request}")
    return len(asked), sum(ours)


def policy_bench(release):
    wanted = "|".join(f"{benchmark}$" for _, benchmark, _ in CASES)
    told = subprocess.run([release / "bench" / "policy_bench", "--benchmark_format=json", f"--benchmark_filter={wanted}"],
                          capture_output=True, text=True, check=True)
    rows = json.loads(told.stdout)["benchmarks"]
    for row in rows:
        if row.get("error_occurred") or row["time_unit"] != "ns":
            sys.exit(f"cedar: policy_bench: {row}")
    return {row["name"]: row["cpu_time"] for row in rows}


def cedar(statements, schema_):
    """Nanoseconds of the decision alone and of the call with everything around it: of each the batch with the least."""
    policies = cedarpy.PolicySet.from_str("\n".join(text for _, text in statements))
    query, entities = in_cedar(REQUEST, schema_)
    alone, whole = [], []
    for _ in range(BATCHES):
        begin = time.process_time_ns()
        answers = cedarpy.is_authorized_batch([query] * BATCH, policies, entities)
        whole.append((time.process_time_ns() - begin) / BATCH)
        alone.append(statistics.fmean(answer.metrics["authz_duration_micros"] for answer in answers) * 1000)
    return min(alone), min(whole)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", type=pathlib.Path, default=ROOT / "build" / "release")
    release = parser.parse_args().release.resolve()
    text = schema()
    schema_ = cedarpy.Schema.from_str(text)
    for name, _, statements in CASES:
        found = cedarpy.validate_policies("\n".join(policy for _, policy in statements), schema_)
        if not found.validation_passed:
            sys.exit(f"cedar: {name}: {[str(error) for error in found.errors]}")
    asked, allowed = check(release, schema_)
    print(f"the same decision from both for {asked} questions, {allowed} of them allowed")
    ours = policy_bench(release)
    print(f"{'case':37} {'podpass':>9} {'Cedar':>10} {'ratio':>7} {'Cedar, whole call':>19}")
    for name, benchmark, statements in CASES:
        alone, whole = cedar(statements, schema_)
        print(f"{name:37} {ours[benchmark]:6.0f} ns {alone:7.0f} ns {alone / ours[benchmark]:6.0f}x {whole:16.0f} ns", flush=True)
    print("podpass: evaluate() on a parsed policy and a filled context, one decision after the other; mean. Cedar: is_authorized()\n"
          "of Cedar's Rust library on parsed policies, entities and request, timed within cedarpy, whose other work lies between\n"
          "the decisions; it cuts each time to whole microseconds, so that figure and ratio are too low by up to 1000 ns. Whole\n"
          "call: besides that the request's JSON into Cedar and the answer's JSON back into Python. Both of Cedar's are of the\n"
          "least disturbed batch.")


if __name__ == "__main__":
    main()
