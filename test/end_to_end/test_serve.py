"""podpass serve: configuration, TLS that is loaded anew, readiness, and a restart that refuses nobody."""

import concurrent.futures
import json
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest

from podpass_server import ACCOUNT, BINARY, REGION, Podpass, free_ports


class Serve(Podpass):
    """`podpass serve` with given flags, environment and limits."""

    def start(self, *flags, env=None, before=None, program=BINARY):
        self.directory.mkdir(parents=True, exist_ok=True)
        command = [str(program), "serve", "--json", *map(str, flags)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=self.bare_env(**(env or {})), cwd=self.directory,
                                            preexec_fn=before)
        line = self._first_line()
        assert line.startswith("{"), f"no ready line: {line!r}\n{self.log_text()}"
        self.ready = json.loads(line)
        return self

    def fail(self, *flags, env=None):
        done = self.run([BINARY, "serve", *flags], self.bare_env(**(env or {})), check=False)
        assert done.returncode != 0
        return done.stderr

    def get(self, path, context=None):
        try:
            with urllib.request.urlopen(self.endpoint + path, context=context, timeout=10) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


@pytest.fixture
def serve(tmp_path):
    server = Serve(tmp_path)
    yield server
    if server.process and server.process.poll() is None:
        assert server.stop() == 0, server.log_text()


def certificate(directory, name, days=1, serial=1):
    """A CA (once) and a certificate of it for 127.0.0.1, as an administrator would make them with openssl."""
    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)

    ca, ca_key = directory / "ca.crt", directory / "ca.key"
    if not ca.exists():
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 2, "-subj", "/CN=test-ca",
                "-keyout", ca_key, "-out", ca)
    request, extensions = directory / f"{name}.csr", directory / f"{name}.ext"
    crt, key = directory / f"{name}.crt", directory / f"{name}.key"
    extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-set_serial", serial, "-days", days, "-extfile", extensions, "-out", crt)
    return ca, crt, key


def served_serial(server, ca):
    """The serial number of the certificate that a new connection is shown."""
    context = ssl.create_default_context(cafile=ca)
    host, port = "127.0.0.1", server.ready["port"]
    with socket.create_connection((host, port), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname=host) as connection:
            return int(connection.getpeercert()["serialNumber"], 16)


def until(what, seconds=20):
    """Asks again until it holds; what it was last."""
    end = time.monotonic() + seconds
    while True:
        found = what()
        if found or time.monotonic() > end:
            return found


def test_flags_environment_and_file(serve, tmp_path):
    (port,) = free_ports(1)
    config = tmp_path / "podpass.yaml"
    config.write_text(f"data-dir: {tmp_path / 'data'}\naddress: 127.0.0.1\nregion: eu-west-1\naccount: '444455556666'\nport: 1\nthreads: 1\n")
    serve.start("--config", config, "--port", port, env={"PODPASS_REGION": "eu-central-1", "PODPASS_PORT": "2"})
    assert serve.ready["port"] == port, "a flag wins over everything"
    assert serve.ready["region"] == "eu-central-1", "the environment wins over the file"
    assert serve.ready["account"] == "444455556666"
    identity = serve.aws_json("sts get-caller-identity --output json")
    assert identity["Account"] == "444455556666"


@pytest.mark.parametrize("text,said", [
    ("prot: 1\n", "prot is no option. There are account, address,"),
    ("port: [1, [2]]\n", "port: give text, a number, true, false, or a list of these."),
    ("port: many\n", "port"),
    ("- port\n", "write one `name: value` a line"),
    ("port: 1\nport: 2\n", "port"),
    ("a: {\n", "podpass.yaml"),
    ("address: []\n", "address: the list is empty."),
])
def test_a_bad_configuration_is_told(serve, tmp_path, text, said):
    config = tmp_path / "podpass.yaml"
    config.write_text(text)
    error = serve.fail("--config", str(config))
    assert said in error and "podpass.yaml" in error and len(error.splitlines()) <= 2, error


@pytest.mark.parametrize("flags,said", [
    (["--tls-cert", "a.crt"], "--tls-cert and --tls-key together"),
    (["--tls-cert", "none.crt", "--tls-key", "none.key"], "none.crt"),
    (["--endpoint", "podpass:4566"], "podpass:4566"),
    (["--config", "none.yaml"], "none.yaml"),
    (["--drain-delay", "soon"], "soon"),
    (["--log-level", "loud"], "loud"),
    (["--max-associations", "-1"], "--max-associations"),
])
def test_bad_flags_are_told(serve, tmp_path, flags, said):
    error = serve.fail("--data-dir", str(tmp_path / "data"), *flags)
    assert said in error and len(error.splitlines()) <= 2, error


def test_tls_and_a_certificate_loaded_anew(serve, tmp_path):
    ca, crt, key = certificate(tmp_path, "server", serial=11)
    serve.start("--data-dir", serve.data_dir, "--address", "127.0.0.1", "--port", 0, "--tls-cert", crt, "--tls-key", key)
    assert serve.endpoint == f"https://127.0.0.1:{serve.ready['port']}"
    environment = serve.root_env() | {"AWS_CA_BUNDLE": str(ca)}
    assert serve.aws_json("sts get-caller-identity --output json", env=environment)["Account"] == ACCOUNT
    refused = serve.aws("sts get-caller-identity", check=False)
    assert refused.returncode != 0 and "CERTIFICATE_VERIFY_FAILED" in refused.stderr
    explain = ["--principal", f"arn:aws:iam::{ACCOUNT}:root", "--action", "s3:ListBucket", "--resource", "arn:aws:s3:::bucket"]
    assert "Allowed" in serve.podpass("explain", *explain, env=serve.bare_env(AWS_CA_BUNDLE=str(ca))).stdout
    assert "certificate" in serve.podpass("explain", *explain, check=False).stderr
    assert served_serial(serve, ca) == 11

    _, new_crt, new_key = certificate(tmp_path, "next", serial=12)
    new_crt.replace(crt)
    serve.process.send_signal(signal.SIGHUP)  # between the two files: refused, the old pair stays
    assert until(lambda: "the old one stays" in serve.log_text())
    assert served_serial(serve, ca) == 11
    new_key.replace(key)
    serve.process.send_signal(signal.SIGHUP)
    assert until(lambda: served_serial(serve, ca) == 12)

    _, third_crt, third_key = certificate(tmp_path, "third", serial=13)
    third_key.replace(key)
    third_crt.replace(crt)
    assert until(lambda: served_serial(serve, ca) == 13), "files that change are seen without a signal"
    assert "PRIVATE KEY" not in serve.log_text()


def test_clients_need_a_certificate_where_told(serve, tmp_path):
    ca, crt, key = certificate(tmp_path, "server")
    _, client_crt, client_key = certificate(tmp_path, "client", serial=2)
    serve.start("--data-dir", serve.data_dir, "--address", "127.0.0.1", "--port", 0, "--tls-cert", crt, "--tls-key", key, "--tls-client-ca", ca)
    context = ssl.create_default_context(cafile=ca)
    with pytest.raises((ssl.SSLError, urllib.error.URLError, ConnectionError)):
        serve.get("/_podpass/ready", context)
    context.load_cert_chain(client_crt, client_key)
    assert serve.get("/_podpass/ready", context) == (200, {"status": "ready"})


def test_not_ready_while_stopping_yet_answering(serve):
    serve.start("--data-dir", serve.data_dir, "--address", "127.0.0.1", "--port", 0, "--drain-delay", "60s")
    assert serve.get("/_podpass/ready") == (200, {"status": "ready"})
    sts = serve.client("sts")
    serve.process.send_signal(signal.SIGTERM)
    assert until(lambda: serve.get("/_podpass/ready") == (503, {"status": "not ready", "reasons": ["It is stopping."]}))
    assert serve.get("/_podpass/health") == (200, {"status": "ok"})
    assert sts.get_caller_identity()["Account"] == ACCOUNT
    assert serve.stop() == 0, "a second signal hurries"


def test_not_ready_while_nothing_can_be_written(serve):
    # Ignored here, it is ignored there: a write beyond the limit is an error, as on a full disk.
    serve.start("--data-dir", serve.data_dir, "--address", "127.0.0.1", "--port", 0, before=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
    iam = serve.client("iam")
    iam.create_user(UserName="before")
    resource.prlimit(serve.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    with pytest.raises(iam.exceptions.ClientError) as refused:
        iam.create_user(UserName="user")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    status, body = serve.get("/_podpass/ready")
    assert status == 503 and body["reasons"] == ["The last write to the store failed; see the log."]
    assert iam.get_user(UserName="before")["User"]["UserName"] == "before", "it still reads"
    resource.prlimit(serve.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert until(lambda: serve.get("/_podpass/ready")[0] == 200), "it finds out by itself"
    iam.create_user(UserName="after")


def test_a_restart_in_place_refuses_nobody(serve):
    (port,) = free_ports(1)
    serve.start("--data-dir", serve.data_dir, "--address", "127.0.0.1", "--port", port)
    serve.client("iam").create_user(UserName="kept")
    signed = serve.sign("iam", "POST", "/", b"Action=GetUser&UserName=kept&Version=2010-05-08",
                        {"Content-Type": "application/x-www-form-urlencoded"})
    stop, failures, answered = threading.Event(), [], []

    def ask():
        while not stop.is_set():
            try:
                answer = serve.send("POST", "/", b"Action=GetUser&UserName=kept&Version=2010-05-08", signed)
                if answer.status != 200:
                    failures.append(answer.text)
                answered.append(answer.status)
            except OSError as error:  # refused, reset
                failures.append(repr(error))

    def starts():
        return serve.log_text().count("starting again")

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        running = [pool.submit(ask) for _ in range(4)]
        try:
            for number in range(3):
                serve.process.send_signal(signal.SIGUSR2)
                assert until(lambda: starts() == number + 1)
                line = serve._first_line()  # of the new program, on the same standard output
                assert json.loads(line)["port"] == port
                before = len(answered)
                assert until(lambda: len(answered) >= before + 8)
        finally:
            stop.set()
        for one in running:
            one.result()
    assert not failures, failures[:3]
    assert serve.process.poll() is None
    assert serve.get("/_podpass/ready")[0] == 200


@pytest.mark.parametrize("address,warned", [("0.0.0.0", True), ("127.0.0.1", False)])
def test_plain_http_beyond_this_machine_is_warned_of(serve, address, warned):
    serve.start("--data-dir", serve.data_dir, "--address", address, "--port", 0)
    assert serve.stop() == 0
    assert ("Serving plain HTTP on 0.0.0.0" in serve.log_text()) == warned


def test_no_restart_without_a_program(serve, tmp_path):
    """What is gone can't be started: who serves goes on."""
    program = tmp_path / "podpass"
    shutil.copy(BINARY, program)
    serve.start("--data-dir", serve.data_dir, "--address", "127.0.0.1", "--port", 0, program=program)
    program.unlink()
    serve.process.send_signal(signal.SIGUSR2)
    assert until(lambda: "this one goes on: No such file or directory" in serve.log_text())
    serve.process.send_signal(signal.SIGHUP)
    assert until(lambda: "SIGHUP: there is no certificate to load." in serve.log_text())
    assert serve.get("/_podpass/ready")[0] == 200


def test_a_socket_handed_over_by_systemd(serve, tmp_path):
    """As systemd starts a service with a .socket unit: file descriptor 3, LISTEN_FDS and LISTEN_PID."""
    (port,) = free_ports(1)
    starter = ("import os, socket, sys\n"
               f"s = socket.create_server(('127.0.0.1', {port}))\n"
               "os.dup2(s.fileno(), 3)\n"
               "os.set_inheritable(3, True)\n"
               "os.environ['LISTEN_FDS'] = '1'; os.environ['LISTEN_PID'] = str(os.getpid())\n"
               "os.execv(sys.argv[1], sys.argv[1:])\n")
    serve.directory.mkdir(exist_ok=True)
    with serve.log.open("ab") as log:
        serve.process = subprocess.Popen([sys.executable, "-c", starter, str(BINARY), "serve", "--json",
                                          "--data-dir", str(serve.data_dir), "--address", "127.0.0.1"],
                                         stdout=subprocess.PIPE, stderr=log, env=serve.bare_env(), cwd=serve.directory)
    serve.ready = json.loads(serve._first_line())
    assert serve.ready["port"] == port
    assert serve.get("/_podpass/health") == (200, {"status": "ok"})


def test_help_and_the_plain_ready_line(serve, tmp_path):
    told = serve.run([BINARY, "serve", "--help"], serve.bare_env()).stdout
    assert "Example:" in told and "PODPASS_DATA_DIR" in told and "SIGUSR2" in told
    process = subprocess.Popen([str(BINARY), "serve", "--data-dir", str(serve.data_dir), "--address", "127.0.0.1", "--port", "0"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=serve.bare_env(), text=True)
    first = process.stdout.readline()
    process.terminate()
    assert process.wait(30) == 0
    process.stdout.close()
    assert first.startswith("Podpass serves http://127.0.0.1:") and REGION in first
