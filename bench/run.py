#!/usr/bin/env python3
"""End-to-end speed: `podpass up` and the agent under load, each beside a minimal epoll server that answers as many bytes in the same run.

    bench/run.py [--seconds 4] [--only exchange,agent,...] [--json FILE]

The server is held on core 0, the load (wrk) on core 1. What counts is CPU microseconds per request of the server's whole process (user + system, all its
threads, from /proc): wall-clock rates suffer from whatever else the machine does. `per core` is 1,000,000 / CPU: what one core could do.
Every request is signed, and every signature is verified; for `exchange` each request carries another token.
"""
import argparse
import concurrent.futures
import datetime
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = ROOT / "build" / "release"
TICKS = os.sysconf("SC_CLK_TCK")
TOKENS = 40_000  # far more than the agent's and the server's memories of tokens hold
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {
    "Service": "pods.eks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}]})


def sign(credentials, region, service, method, host, target, body, content_type, now):
    """The headers of a signed request (Signature Version 4)."""
    amz_date = now.strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": host, "x-amz-date": amz_date}
    if content_type:
        headers["content-type"] = content_type
    path, _, query = target.partition("?")
    names = ";".join(sorted(headers))
    canonical = "\n".join([method, urllib.parse.quote(path), query,
                           *(f"{name}:{headers[name]}" for name in sorted(headers)), "", names,
                           hashlib.sha256(body).hexdigest()])
    scope = f"{amz_date[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", amz_date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + credentials[1]).encode()
    for part in (amz_date[:8], region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, to_sign.encode(), "sha256").hexdigest()
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={credentials[0]}/{scope}, SignedHeaders={names}, "
                                f"Signature={signature}")
    return headers


class Server:
    """A process on core 0, and its CPU time."""

    def __init__(self, command, ready):
        self.process = subprocess.Popen(["taskset", "-c", "0", *map(str, command)], stdout=subprocess.PIPE, text=True)
        self.started = time.monotonic()
        self.first_line = self.process.stdout.readline() if ready else ""

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss_anon_kb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"RssAnon:\s+(\d+)", status)[1])

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(40)


class Agent(Server):
    """The agent of a node of its own, before the pods of `podpass`."""

    def __init__(self, podpass, *flags):
        variables = {"AWS_ENDPOINT_URL": podpass.endpoint.geturl(), "AWS_REGION": podpass.region,
                     "AWS_ACCESS_KEY_ID": podpass.credentials[0], "AWS_SECRET_ACCESS_KEY": podpass.credentials[1]}
        command = ["env", *(f"{name}={value}" for name, value in variables.items()), RELEASE / "podpass", "agent", "-c", podpass.cluster,
                   "-b", "127.0.0.1", "-p", "0", "--probe-port", "-1", "--metrics-port", "-1", *flags]
        super().__init__(command, ready=True)
        self.netloc = "127.0.0.1:" + re.search(r"port (\d+)", self.first_line)[1]


class Podpass(Server):
    def __init__(self, directory, *flags):
        self.directory = directory
        super().__init__([RELEASE / "podpass", "up", "--port", "0", "--agent-port", "0", "--threads", "1", "--json",
                          "--max-associations", "1000000", "--data-dir", directory, *flags], ready=True)
        facts = json.loads(self.first_line)
        self.endpoint = urllib.parse.urlsplit(facts["endpoint"])
        self.agent = urllib.parse.urlsplit(facts["agent"])
        self.account, self.region, self.cluster = facts["account"], facts["region"], facts["cluster"]
        profile = dict(line.split(" = ") for line in (directory / "credentials").read_text().splitlines() if "=" in line)
        self.credentials = (profile["aws_access_key_id"], profile["aws_secret_access_key"])

    def request(self, service, method, target, body=b"", content_type="application/json"):
        """(method, target, headers, body), signed now as root."""
        now = datetime.datetime.now(datetime.timezone.utc)
        headers = sign(self.credentials, self.region, service, method, self.endpoint.netloc, target, body, content_type, now)
        return method, target, headers, body

    def call(self, *arguments, connection=None, **named):
        method, target, headers, body = self.request(*arguments, **named)
        connection = connection or http.client.HTTPConnection(self.endpoint.netloc)
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"bench: {method} {target}: {answer.status} {text[:300]}")
        return text

    def query(self, service, version, **parameters):
        form = urllib.parse.urlencode({"Version": version, **parameters}).encode()
        return self.request(service, "POST", "/", form, "application/x-www-form-urlencoded")

    def iam(self, **parameters):
        form = urllib.parse.urlencode({"Version": "2010-05-08", **parameters}).encode()
        return self.call("iam", "POST", "/", form, "application/x-www-form-urlencoded")


def write_lua(path, requests, host, once=False):
    """A wrk script that sends the prepared requests, one after the other, over and over, or once."""
    with open(path.with_suffix(".txt"), "wb") as out:
        for method, target, headers, body in requests:
            head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in {"host": host, **headers}.items())
            if body:
                head += f"content-length: {len(body)}\r\n"
            raw = head.encode() + b"\r\n" + body
            out.write(b"%d\n" % len(raw) + raw)
    path.write_text(f"""
local requests, at = {{}}, 0
local file = io.open("{path.with_suffix('.txt')}", "rb")
while true do
  local size = file:read("*l")
  if not size then break end
  requests[#requests + 1] = file:read(tonumber(size))
end
request = function()
  if {"at == #requests" if once else "false"} then wrk.thread:stop() end
  at = at % #requests + 1
  return requests[at]
end
done = function(summary, latency, all)
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration, summary.errors.status,
    latency:percentile(50), latency:percentile(99)))
end
""")


def load(server, url, lua, seconds, connections=32):
    """One measurement: CPU per request, rate, latencies."""
    before = server.cpu_seconds()
    out = subprocess.run(["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", lua, url],
                         capture_output=True, text=True, check=True).stdout
    cpu = server.cpu_seconds() - before
    requests, micros, errors, p50, p99 = map(int, re.search(r"RESULT (.*)", out)[1].split())
    return {"requests": requests, "errors": errors, "rps": requests / micros * 1e6, "cpu_us": cpu / requests * 1e6,
            "p50_us": p50, "p99_us": p99}


def size_of_answer(request, netloc, tls=False):
    method, target, headers, body = request
    if tls:
        connection = http.client.HTTPSConnection(netloc, context=ssl._create_unverified_context())
    else:
        connection = http.client.HTTPConnection(netloc)
    connection.request(method, target, body, headers)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise SystemExit(f"bench: {method} {target}: {answer.status} {text[:300]}")
    return len(text)


class Bench:
    def __init__(self, seconds, only):
        self.seconds, self.only = seconds, only
        self.rows = []

    def wanted(self, name):
        return not self.only or name in self.only

    def measure(self, name, server, netloc, requests, target, runs=3, tls=False):
        """The server and the baseline by turns; of each the run with the least CPU per request, which is the least disturbed."""
        with tempfile.TemporaryDirectory() as scratch:
            lua = pathlib.Path(scratch) / "load.lua"
            write_lua(lua, requests, netloc)
            bytes_ = size_of_answer(requests[0], netloc, tls)
            ours, floor = [], []
            for _ in range(runs):
                ours.append(load(server, f"http{'s' if tls else ''}://{netloc}", lua, self.seconds))
                baseline = Server([RELEASE / "bench" / "http_baseline", "0", bytes_], ready=True)
                port = int(re.search(r"\d+", baseline.first_line)[0])
                floor.append(load(baseline, f"http://127.0.0.1:{port}", lua, self.seconds))
                baseline.process.kill()
                baseline.process.wait()
        best = min(ours, key=lambda run: run["cpu_us"])
        base = min(floor, key=lambda run: run["cpu_us"])
        self.row(name, best, base, target)

    def write(self, path):
        if path:
            path.write_text(json.dumps(self.rows, indent=2) + "\n")

    def row(self, name, best, base, target):
        row = {"what": name, **best, "per_core": 1e6 / best["cpu_us"], "baseline_cpu_us": base["cpu_us"],
               "ratio": best["cpu_us"] / base["cpu_us"], "target_per_core": target}
        self.rows.append(row)
        print(f"{name:34} {best['cpu_us']:7.2f} us  {row['per_core']:9,.0f}/s a core (target {target:,})   "
              f"{row['ratio']:5.2f} x baseline {base['cpu_us']:.2f} us   {best['rps']:9,.0f} rps  p50 {best['p50_us']} us  "
              f"p99 {best['p99_us']} us  errors {best['errors']}", flush=True)


def make_tokens(podpass, count):
    def some(numbers):
        connection = http.client.HTTPConnection(podpass.endpoint.netloc)
        out = []
        for number in numbers:
            body = json.dumps({"namespace": "default", "serviceAccount": "bench", "podName": f"bench-{number}"}).encode()
            text = podpass.call("podpass", "POST", f"/clusters/{podpass.cluster}/service-account-tokens", body,
                                connection=connection)
            out.append(json.loads(text)["token"])
        return out
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return [token for part in pool.map(some, (range(start, count, 4) for start in range(4))) for token in part]


def prepare(podpass):
    podpass.iam(Action="CreateRole", RoleName="bench", AssumeRolePolicyDocument=TRUST)
    podpass.iam(Action="PutRolePolicy", RoleName="bench", PolicyName="read", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}))
    podpass.call("eks", "POST", f"/clusters/{podpass.cluster}/pod-identity-associations", json.dumps(
        {"namespace": "default", "serviceAccount": "bench",
         "roleArn": f"arn:aws:iam::{podpass.account}:role/bench"}).encode())


def bench_requests(bench, podpass):
    netloc = podpass.endpoint.netloc
    path = f"/clusters/{podpass.cluster}/assume-role-for-pod-identity"
    exchange = lambda token: podpass.request("eks-auth", "POST", path, json.dumps({"token": token}).encode())
    if bench.wanted("exchange"):
        print(f"making {TOKENS:,} tokens ...", file=sys.stderr, flush=True)
        tokens = make_tokens(podpass, TOKENS)
        bench.measure("exchange, every token verified", podpass, netloc, [exchange(t) for t in tokens], 25_000)
    if bench.wanted("exchange_known"):
        tokens = make_tokens(podpass, 256)
        bench.measure("exchange, tokens seen before", podpass, netloc, [exchange(t) for t in tokens], 70_000)
    if bench.wanted("agent"):
        token = make_tokens(podpass, 1)[0]
        request = ("GET", podpass.agent.path, {"authorization": token}, b"")
        bench.measure("agent, cached credentials", podpass, podpass.agent.netloc, [request], 100_000)
    if bench.wanted("identity"):
        bench.measure("GetCallerIdentity", podpass, netloc,
                      [podpass.query("sts", "2011-06-15", Action="GetCallerIdentity")], 80_000)
    if bench.wanted("get_role"):
        bench.measure("GetRole", podpass, netloc,
                      [podpass.query("iam", "2010-05-08", Action="GetRole", RoleName="bench")], 60_000)


def bench_agent_many(bench, podpass, count=10_000):
    """The agent with as many pods' tokens: what each costs in memory, and reads of all of them by turns."""
    print(f"making {count:,} tokens ...", file=sys.stderr, flush=True)
    requests = [("GET", "/v1/credentials", {"authorization": token}, b"") for token in make_tokens(podpass, count)]
    agent = Agent(podpass, "--max-cache-size", str(count), "--max-service-qps", "0", "--no-watch", "--recheck", "0")
    try:
        memory = agent.rss_anon_kb()
        connection = http.client.HTTPConnection(agent.netloc)
        for method, target, headers, _ in requests:
            connection.request(method, target, headers={"Host": agent.netloc, **headers})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise SystemExit(f"bench: the agent: {answer.status} {text[:300]}")
        grown = agent.rss_anon_kb() - memory
        bench.measure("agent, 10,000 pods by turns", agent, agent.netloc, requests, 80_000)
        bench.rows[-1] |= {"bytes_each": grown * 1024 / count, "rss_anon_kb": agent.rss_anon_kb()}
        print(f"agent with {count:,} pods' tokens: RssAnon {agent.rss_anon_kb() / 1024:.1f} MB, {grown * 1024 / count:,.0f} bytes each",
              flush=True)
    finally:
        agent.stop()


def association_requests(podpass, first, count):
    target = f"/clusters/{podpass.cluster}/pod-identity-associations"
    role = f"arn:aws:iam::{podpass.account}:role/bench"
    return [podpass.request("eks", "POST", target, json.dumps(
        {"namespace": f"team-{number % 100}", "serviceAccount": f"workload-{number}", "roleArn": role}).encode())
        for number in range(first, first + count)]


def bench_create(bench, podpass):
    """Durable creations, 32 in flight; then on to 100,000 associations, and what each costs in memory."""
    count, wanted = 100_000, association_requests(podpass, 0, 100_000)
    memory = podpass.rss_anon_kb()

    def create(first, seconds):
        with tempfile.TemporaryDirectory() as scratch:
            lua = pathlib.Path(scratch) / "load.lua"
            write_lua(lua, wanted[first:], podpass.endpoint.netloc, once=True)
            return load(podpass, podpass.endpoint.geturl(), lua, seconds)

    row = create(0, min(bench.seconds, 3))
    made = row["requests"] - row["errors"]
    while made < count - 100:  # some are under way when wrk stops, and are not counted
        more = create(made, max(2, int((count - made) / row["rps"] * 1.3) + 1))
        made += more["requests"]
    grown = podpass.rss_anon_kb() - memory
    row |= {"what": "durable CreatePodIdentityAssociation", "bytes_each": grown * 1024 / count, "target_rps": 20_000}
    bench.rows.append(row)
    print(f"durable CreatePodIdentityAssociation, 32 in flight: {row['rps']:,.0f}/s (target 20,000), CPU {row['cpu_us']:.1f} us, "
          f"p50 {row['p50_us']} us, p99 {row['p99_us']} us, refused {row['errors']}; RssAnon {row['bytes_each']:,.0f} bytes each over "
          f"{made:,}", flush=True)


def admission_review():
    """A review of about 5 KB, as an API server sends it for a pod of a Deployment with one sidecar."""
    def container(name):
        return {"name": name, "image": "registry.example.com/team/application:1.24.7",
                "ports": [{"containerPort": 8080, "protocol": "TCP"}],
                "env": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "QUEUE", "value": "orders"}],
                "resources": {"limits": {"cpu": "500m", "memory": "512Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
                "volumeMounts": [{"name": "kube-api-access-abcde", "readOnly": True,
                                  "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
                "terminationMessagePath": "/dev/termination-log", "imagePullPolicy": "IfNotPresent"}
    fields = {f"f:field{n}": {"f:name": {}, "f:image": {}, f'k:{{"name":"c{n}"}}': {".": {}, "f:value": {}}} for n in range(28)}
    pod = {"kind": "Pod", "apiVersion": "v1",
           "metadata": {"generateName": "app-6d4cf56db6-", "labels": {"app": "app", "pod-template-hash": "6d4cf56db6"},
                        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "app-6d4cf56db6",
                                             "uid": "a1b2c3d4-0000-11e8-b7cc-42010a800002", "controller": True}],
                        "managedFields": [{"manager": "kube-controller-manager", "operation": "Update", "fieldsV1": fields}]},
           "spec": {"volumes": [{"name": "kube-api-access-abcde", "projected": {"sources": [], "defaultMode": 420}}],
                    "containers": [container("app"), container("sidecar")], "restartPolicy": "Always",
                    "serviceAccountName": "bench", "schedulerName": "default-scheduler"}}
    kind = {"group": "", "version": "v1", "kind": "Pod"}
    resource = {"group": "", "version": "v1", "resource": "pods"}
    return json.dumps({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "kind": kind, "resource": resource, "requestKind": kind,
        "requestResource": resource, "namespace": "default", "operation": "CREATE",
        "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller"}, "object": pod, "oldObject": None,
        "dryRun": False, "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"}}}, separators=(",", ":")).encode()


def bench_webhook(bench):
    """Reviews of pods that are patched, over kept connections, without TLS and with it."""
    review = admission_review()
    request = ("POST", "/mutate", {"content-type": "application/json"}, review)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        (folder / "identities.json").write_text('{"identities":[{"namespace":"default","serviceAccount":"bench"}]}')
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-keyout", folder / "tls.key", "-out", folder / "tls.crt"],
                       check=True, capture_output=True)
        for name, flags, target in (("plain", ["--no-tls"], 40_000),
                                    ("TLS", ["--tls-cert", folder / "tls.crt", "--tls-key", folder / "tls.key"], 20_000)):
            server = Server([RELEASE / "podpass", "webhook", "--port", "0", "--metrics-port", "-1", "--threads", "1",
                             "--bind-address", "127.0.0.1", "--watch-container-credentials-config", folder / "identities.json",
                             *flags], ready=True)
            try:
                port = int(re.search(r"port (\d+)", server.first_line)[1])
                bench.measure(f"webhook, {len(review):,} bytes, {name}", server, f"127.0.0.1:{port}", [request], target,
                              tls=name == "TLS")
            finally:
                server.stop()


def bench_start(bench):
    """Cold start to the first answer, and idle memory."""
    with tempfile.TemporaryDirectory() as scratch:
        times = []
        for _ in range(5):
            started = time.monotonic()
            podpass = Podpass(pathlib.Path(scratch) / "data")
            podpass.call("eks", "GET", "/clusters", b"", None)
            times.append((time.monotonic() - started) * 1000)
            memory = podpass.rss_anon_kb()
            podpass.stop()
    row = {"what": "start", "first_ms": times[0], "again_ms": min(times[1:]), "rss_anon_kb": memory}
    bench.rows.append(row)
    print(f"cold start to first answer: {times[0]:.0f} ms with fresh keys and cluster, {row['again_ms']:.0f} ms on existing data; "
          f"idle RssAnon {memory / 1024:.1f} MB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--only", default="", help="exchange,exchange_known,agent,agent_many,identity,get_role,create,start,webhook")
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    bench = Bench(arguments.seconds, set(filter(None, arguments.only.split(","))))
    if bench.wanted("webhook"):
        bench_webhook(bench)
    if bench.only == {"webhook"}:
        return bench.write(arguments.json)
    with tempfile.TemporaryDirectory() as scratch:
        podpass = Podpass(pathlib.Path(scratch) / "data")
        try:
            prepare(podpass)
            bench_requests(bench, podpass)
            if bench.wanted("agent_many"):
                bench_agent_many(bench, podpass)
            if bench.wanted("create"):
                bench_create(bench, podpass)
        finally:
            podpass.stop()
    if bench.wanted("start"):
        bench_start(bench)
    bench.write(arguments.json)


if __name__ == "__main__":
    main()
