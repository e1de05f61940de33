"""A running Podpass and the ways to talk to it: root and other credentials, real clients, pods, raw requests."""

import dataclasses
import http.client
import json
import os
import pathlib
import select
import shlex
import signal
import socket
import subprocess
import sys
import urllib.parse

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("PODPASS_BINARY", ROOT / "build" / "podpass"))
CLIENTS = ROOT / "test" / "clients"
BIN = pathlib.Path(sys.executable).parent  # the virtual environment's programs
NODE_MODULES = ROOT / "build" / "clients" / "node_modules"

ACCOUNT = "111122223333"
REGION = "us-west-2"
CLUSTER = "my-cluster"
READY_SECONDS = 30  # a start takes well under one; sanitizers and a busy machine take longer
COMMAND_SECONDS = 60

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{
        "Sid": "AllowEksAuthToAssumeRoleForPodIdentity",
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }],
}


def allow(action, resource, **more):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource, **more}]}


def trust(**changes):
    """The trust policy of the user guide with other elements in its statement."""
    return {"Version": "2012-10-17", "Statement": [{**TRUST["Statement"][0], **changes}]}


def free_ports(count):
    """Ports that are free now. They are held together while picking, so that no two are the same."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def text(self):
        return self.body.decode("utf-8", errors="replace")

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error_type(self):
        return self.headers.get("x-amzn-errortype", "").split(":")[0]


@dataclasses.dataclass
class Keys:
    """Credentials of any kind."""

    access_key: str
    secret_key: str
    token: str | None = None

    @classmethod
    def of(cls, mapping):
        """From an AccessKey, from STS Credentials or from the agent's body."""
        return cls(mapping["AccessKeyId"], mapping["SecretAccessKey"], mapping.get("SessionToken") or mapping.get("Token"))


class Podpass:
    """`podpass up` on loopback with a data directory of its own."""

    def __init__(self, directory, *flags):
        self.directory = pathlib.Path(directory)
        self.data_dir = self.directory / "data"
        self.log = self.directory / "podpass.log"
        self.flags = flags
        self.ports = None  # of all services, of the agent; None: free ones, picked at each start
        self.process = None
        self.ready = {}
        self._root = None
        self._sessions = {}

    # --- the program

    def start(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        port, agent_port = self.ports or free_ports(2)
        command = [str(BINARY), "up", "--port", str(port), "--agent-port", str(agent_port), "--data-dir", str(self.data_dir), "--json",
                   *self.flags]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=self.bare_env(), cwd=self.directory)
        line = self._first_line()
        assert line.startswith("{"), f"no ready line from {shlex.join(command)}: {line!r}\n{self.log_text()}"
        self.ready = json.loads(line)
        return self

    def _first_line(self):
        received = b""
        stream = self.process.stdout.fileno()
        while b"\n" not in received:
            readable, _, _ = select.select([stream], [], [], READY_SECONDS)
            piece = os.read(stream, 65536) if readable else b""
            if not piece:
                break
            received += piece
        return received.decode().split("\n")[0]

    def stop(self):
        """Asks it to stop and gives its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = "did not stop on SIGTERM"
        self.process.stdout.close()
        return code

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @property
    def endpoint(self):
        return self.ready["endpoint"]

    @property
    def agent(self):
        return self.ready["agent"]

    # --- environments

    def bare_env(self, **more):
        """Nothing of the machine's own AWS set-up."""
        return {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self.directory),
            "LANG": "C.UTF-8",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "NODE_PATH": str(NODE_MODULES),
            **{name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")},
            **more,
        }

    def console_link(self, keys=None):
        """A link that signs a browser in, as root or with these keys: what `podpass console` prints."""
        if keys:
            done = self.run([BINARY, "console"], self.keys_env(keys))
        else:
            done = self.podpass("console")
        return done.stdout.strip()

    def root_env(self):
        """What `podpass env` tells a shell to export."""
        if self._root is None:
            done = self.podpass("env")
            exports = {}
            for line in done.stdout.splitlines():
                words = shlex.split(line, comments=True)
                if words[:1] == ["export"]:
                    for word in words[1:]:
                        name, _, value = word.partition("=")
                        exports[name] = value
            self._root = exports
        return self.bare_env(**self._root)

    def root_keys(self):
        env = self.root_env()
        return Keys(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env.get("AWS_SESSION_TOKEN"))

    def keys_env(self, keys):
        env = self.bare_env(AWS_ENDPOINT_URL=self.endpoint, AWS_REGION=REGION, AWS_DEFAULT_REGION=REGION,
                            AWS_ACCESS_KEY_ID=keys.access_key, AWS_SECRET_ACCESS_KEY=keys.secret_key)
        if keys.token:
            env["AWS_SESSION_TOKEN"] = keys.token
        return env

    # --- programs

    def run(self, command, env, check=True, **more):
        done = subprocess.run([str(word) for word in command], env=env, cwd=self.directory, capture_output=True, text=True,
                              timeout=COMMAND_SECONDS, check=False, **more)
        if check:
            assert done.returncode == 0, f"{shlex.join(map(str, command))}: {done.returncode}\n{done.stdout}\n{done.stderr}\n{self.log_text()}"
        return done

    def podpass(self, command, *arguments, check=True, env=None, **more):
        """A podpass command that finds the running server by its data directory."""
        return self.run([BINARY, command, "--data-dir", self.data_dir, *arguments], env or self.bare_env(), check, **more)

    def aws(self, command, check=True, env=None, **more):
        """A command line as a person types it: aws("iam get-role --role-name x")."""
        return self.run([BIN / "aws", *shlex.split(command)], env or self.root_env(), check, **more)

    def aws_json(self, command, **more):
        return json.loads(self.aws(command, **more).stdout)

    def exec(self, namespace, service_account, *command, flags=(), check=True, env=None, **more):
        """Runs a command as a pod's process."""
        return self.podpass("exec", "--namespace", namespace, "--service-account", service_account, *flags, "--", *command,
                            check=check, env=env, **more)

    def token(self, namespace, service_account, *flags):
        return self.podpass("token", "--namespace", namespace, "--service-account", service_account, *flags).stdout.strip()

    # --- SDK clients

    def client(self, service, keys=None, **config):
        """A boto3 client. Without retries, so that each call is one request and errors come at once."""
        keys = keys or self.root_keys()
        session = self._sessions.setdefault("session", boto3.session.Session(region_name=REGION))
        config.setdefault("retries", {"total_max_attempts": 1})
        if service == "s3":
            config.setdefault("s3", {"addressing_style": "path"})
        return session.client(service, endpoint_url=self.endpoint, aws_access_key_id=keys.access_key,
                              aws_secret_access_key=keys.secret_key, aws_session_token=keys.token,
                              config=botocore.config.Config(**config))

    # --- raw requests

    def send(self, method, path, body=b"", headers=None, endpoint=None):
        """One HTTP request, unsigned unless the headers say so."""
        url = urllib.parse.urlsplit(endpoint or self.endpoint)
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=COMMAND_SECONDS)
        try:
            connection.request(method, path, body=body or None, headers=headers or {})
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def raw(self, data, end=True):
        """Bytes as they are on a connection of their own; what comes back until the server closes."""
        url = urllib.parse.urlsplit(self.endpoint)
        with socket.create_connection((url.hostname, url.port), timeout=COMMAND_SECONDS) as connection:
            try:
                connection.sendall(data)
                if end:
                    connection.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass
            received = b""
            try:
                while piece := connection.recv(65536):
                    received += piece
            except ConnectionResetError:
                pass
            return received

    def sign(self, service, method, path, body=b"", headers=None, keys=None, region=REGION):
        """The headers of a request signed with SigV4."""
        keys = keys or self.root_keys()
        request = botocore.awsrequest.AWSRequest(method, self.endpoint + path, headers=headers or {}, data=body)
        credentials = botocore.credentials.Credentials(keys.access_key, keys.secret_key, keys.token)
        signer = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
        signer(credentials, service, region).add_auth(request)
        return dict(request.headers.items())

    def signed(self, service, method, path, body=b"", headers=None, keys=None, region=REGION):
        body = body.encode() if isinstance(body, str) else body
        return self.send(method, path, body, self.sign(service, method, path, body, headers, keys, region))

    def mint(self, namespace, service_account, cluster=CLUSTER, **members):
        """A token of a local cluster by Podpass's own operation, which `podpass token` calls."""
        body = json.dumps({"namespace": namespace, "serviceAccount": service_account, **members})
        answer = self.signed("podpass", "POST", f"/clusters/{cluster}/service-account-tokens", body, {"Content-Type": "application/json"})
        assert answer.status == 200, answer.text
        return answer.json["token"]

    # --- pods

    def ask_agent(self, token, path=None, method="GET", **headers):
        url = urllib.parse.urlsplit(self.agent)
        sent = {"Authorization": token, **headers} if token is not None else headers
        return self.send(method, path or url.path, headers=sent, endpoint=self.agent)

    def pod_keys(self, namespace, service_account, cluster=CLUSTER):
        """Credentials as a pod's SDK gets them."""
        answer = self.ask_agent(self.mint(namespace, service_account, cluster))
        assert answer.status == 200, f"{answer.status} {answer.text}\n{self.log_text()[-4000:]}"
        return Keys.of(answer.json)
