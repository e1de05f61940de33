"""A real Kubernetes control plane on loopback, as far as pods' identities need one: etcd and kube-apiserver.

No controllers run and no kubelet. So a namespace has the service accounts that a test made, and a pod stays pending; what a
kubelet does for its token, `token` does. Service accounts' tokens are bound and projected as in every newer Kubernetes.
"""

import base64
import dataclasses
import http.client
import json
import os
import pathlib
import shlex
import ssl
import subprocess

import certificates
from podpass_server import COMMAND_SECONDS, free_ports
from processes import Process, eventually

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.get("PODPASS_KUBE", ROOT / "build" / "kube"))

ISSUER = "https://kubernetes.default.svc.cluster.local"
POD_AUDIENCE = "pods.eks.amazonaws.com"
SYSTEM = "podpass-system"  # the namespace of what belongs to Podpass itself
AGENTS = "podpass-agent"  # the agent's, which is its own
STS_AUDIENCE = "sts.amazonaws.com"
READY_SECONDS = 60
IMAGE = "registry.example/app:1"


@dataclasses.dataclass
class Answer:
    status: int
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


def payload(token):
    """The claims of a JWT, unverified."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def header(token):
    part = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Cluster:
    """One control plane. It keeps its ports and its data over `stop_api_server` and `start_api_server`."""

    def __init__(self, directory, issuer=ISSUER):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.issuer = issuer
        self.port, self._etcd_port, self._peer_port = free_ports(3)
        self.endpoint = f"https://127.0.0.1:{self.port}"
        self.authority = certificates.Authority(self.directory / "pki", "test cluster")
        self._tls = self.authority.issue("apiserver", "kube-apiserver", hosts=["127.0.0.1", "localhost", "kubernetes.default.svc"])
        self._admin = self.authority.issue("admin", "admin", groups=["system:masters"])
        self._signing = []  # public key files that verify tokens; the newest first
        self._signing_key = None
        self._rotations = 0
        self._new_signing_key()
        self._etcd = None
        self._api_server = None
        self._connection = None

    # --- the processes

    def start(self):
        peers = f"http://127.0.0.1:{self._peer_port}"
        self._etcd = Process("etcd", self.directory, [
            PROGRAMS / "etcd", "--data-dir", self.directory / "etcd", "--listen-client-urls", self._etcd_url, "--advertise-client-urls",
            self._etcd_url, "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", f"default={peers}",
        ], env=os.environ | {"ETCD_UNSUPPORTED_ARCH": os.uname().machine})
        self.start_api_server()
        return self

    def stop(self):
        self.stop_api_server()
        if self._etcd:
            self._etcd.kill()
            self._etcd = None

    def start_api_server(self):
        certificate, key = self._tls
        command = [
            PROGRAMS / "kube-apiserver", "--etcd-servers", self._etcd_url, "--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1",
            "--secure-port", self.port, "--endpoint-reconciler-type", "none", "--service-cluster-ip-range", "10.96.0.0/16",
            "--tls-cert-file", certificate, "--tls-private-key-file", key, "--client-ca-file", self.authority.ca,
            "--authorization-mode", "RBAC", "--service-account-issuer", self.issuer, "--api-audiences", self.issuer,
            "--service-account-signing-key-file", self._signing_key, "--feature-gates", "BoundServiceAccountTokenVolume=true",
            "--enable-aggregator-routing",  # a webhook's Service is reached by its Endpoints: nobody routes cluster addresses here
        ]
        for public_key in self._signing:
            command += ["--service-account-key-file", public_key]
        self._api_server = Process("kube-apiserver", self.directory, command)
        self._wait_until_ready()

    def stop_api_server(self):
        """At once: a graceful stop waits for those who watch."""
        if self._connection:
            self._connection.close()
            self._connection = None
        if self._api_server:
            self._api_server.kill()
            self._api_server = None

    def api_server_runs(self):
        return self._api_server is not None

    def rotate_signing_key(self, keep_old):
        """Tokens are signed with a new key from now on. Without the old one those of before are worth nothing."""
        if not keep_old:
            self._signing.clear()
        self._new_signing_key()
        self.stop_api_server()
        self.start_api_server()

    def _new_signing_key(self):
        self._rotations += 1
        key = certificates.rsa_key()
        self._signing_key = certificates.write_key(self.directory / f"service-accounts-{self._rotations}.key", key)
        self._signing.insert(0, certificates.write_public_key(self.directory / f"service-accounts-{self._rotations}.pub", key))

    @property
    def _etcd_url(self):
        return f"http://127.0.0.1:{self._etcd_port}"

    def _wait_until_ready(self):
        """Ready, and the namespace `default`, which comes a little later, is there."""
        def ready():
            for process in (self._etcd, self._api_server):
                assert process.running(), f"{process.name} ended\n{process.log_text()}"
            try:
                return all(self.request("GET", path).status == 200 for path in ("/readyz", "/api/v1/namespaces/default"))
            except OSError:
                return False

        eventually(ready, READY_SECONDS)

    def log_text(self):
        return "\n".join(f"--- {process.name}\n{process.log_text()[-1500:]}" for process in (self._etcd, self._api_server) if process)

    # --- clients

    def kubeconfig(self, name="admin", groups=()):
        """A kubeconfig with a client certificate; `admin` may do all, other names what RBAC gives them."""
        certificate, key = self._admin if name == "admin" else self.authority.issue(f"client-{name}", name, groups)
        return self._write_kubeconfig(name, {"client-certificate": str(certificate), "client-key": str(key)})

    def token_kubeconfig(self, name, token):
        return self._write_kubeconfig(name, {"token": token})

    def _write_kubeconfig(self, name, user):
        path = self.directory / f"{name}.kubeconfig"
        path.write_text(json.dumps({  # JSON is YAML
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": self.endpoint, "certificate-authority": str(self.authority.ca)}}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": name}}],
        }))
        path.chmod(0o600)
        return path

    def kubectl(self, command, check=True, stdin=None, kubeconfig=None):
        """A command line as a person types it: kubectl("get pods -n default")."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.directory), "KUBECONFIG": str(kubeconfig or self.kubeconfig())}
        done = subprocess.run([PROGRAMS / "kubectl", *shlex.split(command)], env=env, input=stdin, capture_output=True, text=True,
                              timeout=COMMAND_SECONDS, check=False)
        if check:
            assert done.returncode == 0, f"kubectl {command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def request(self, method, path, body=None, content_type="application/json"):
        """One request as admin, on a connection that is kept."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        for _ in range(2):
            fresh = self._connection is None
            if fresh:
                context = ssl.create_default_context(cafile=str(self.authority.ca))
                context.load_cert_chain(*map(str, self._admin))
                self._connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=COMMAND_SECONDS)
            try:
                self._connection.request(method, path, data, {"Content-Type": content_type})
                response = self._connection.getresponse()
                return Answer(response.status, response.read())
            except (OSError, http.client.HTTPException):
                self._connection.close()
                self._connection = None
                if fresh:
                    raise
        raise AssertionError("unreachable")

    def call(self, method, path, body=None, content_type="application/json"):
        """`request` that must succeed; its JSON."""
        answer = self.request(method, path, body, content_type)
        assert 200 <= answer.status < 300, f"{method} {path}: {answer.status} {answer.body.decode(errors='replace')}"
        return answer.json

    # --- what tests make

    def namespace(self, name, **metadata):
        return self.call("POST", "/api/v1/namespaces", {"metadata": {"name": name, **metadata}})

    def service(self, namespace, name, address, port):
        """A Service whose port 443 leads to one address."""
        path = f"/api/v1/namespaces/{namespace}"
        self.call("POST", f"{path}/services", {"metadata": {"name": name}, "spec": {"ports": [{"port": 443, "targetPort": port}]}})
        endpoints = [{"addresses": [{"ip": address}], "ports": [{"port": port}]}]
        self.call("POST", f"{path}/endpoints", {"metadata": {"name": name}, "subsets": endpoints})

    def service_account(self, namespace, name, annotations=None):
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        return self.call("POST", path, {"metadata": {"name": name, "annotations": annotations or {}}})

    def delete_service_account(self, namespace, name):
        return self.call("DELETE", f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}")

    def request_pod(self, namespace, name, service_account, metadata=None, dry_run=False, **spec):
        """Asks for a pod; the whole answer, which may be a refusal. A dry run goes through all admission and keeps nothing."""
        spec.setdefault("containers", [{"name": "app", "image": IMAGE}])
        pod = {"metadata": {"name": name, **(metadata or {})}, "spec": {"serviceAccountName": service_account, **spec}}
        return self.request("POST", f"/api/v1/namespaces/{namespace}/pods{'?dryRun=All' if dry_run else ''}", pod)

    def pod(self, namespace, name, service_account, metadata=None, **spec):
        """A pod as it was admitted."""
        answer = self.request_pod(namespace, name, service_account, metadata, **spec)
        assert answer.status == 201, answer.body
        return answer.json

    def get_pod(self, namespace, name):
        return self.call("GET", f"/api/v1/namespaces/{namespace}/pods/{name}")

    def delete_pod(self, namespace, name):
        """Gone when this returns: without a kubelet nobody would end it with grace."""
        self.call("DELETE", f"/api/v1/namespaces/{namespace}/pods/{name}", {"gracePeriodSeconds": 0})

    def token(self, namespace, service_account, pod=None, audience=POD_AUDIENCE, seconds=86400):
        """A token as the kubelet asks for it, bound to the pod (an object of the API) if there is one."""
        spec = {"audiences": [audience], "expirationSeconds": seconds}
        if pod:
            spec["boundObjectRef"] = {"apiVersion": "v1", "kind": "Pod", "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{service_account}/token"
        return self.call("POST", path, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec})["status"]["token"]

    def tokens(self, namespace, service_account, pod, count=50):
        """Different ones: two of one second and one life would be the same."""
        return [self.token(namespace, service_account, pod, seconds=86400 - number) for number in range(count)]

    def review(self, token, audience=POD_AUDIENCE):
        """What the cluster itself says of a token: the status of a TokenReview."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token, "audiences": [audience]}}
        return self.call("POST", "/apis/authentication.k8s.io/v1/tokenreviews", body)["status"]

    def allow(self, user, *rules):
        """Lets a user (of a kubeconfig, or `system:serviceaccount:...`) do what the rules say, in the whole cluster."""
        name = user.replace(":", ".")
        self.call("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", {"metadata": {"name": name}, "rules": list(rules)})
        self.bind(user, name)

    def bind(self, user, cluster_role, kind="User"):
        self.call("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
            "metadata": {"name": user.replace(":", ".")},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": cluster_role},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": user}],
        })

    def system_account(self, name, namespace=SYSTEM):
        """A service account of Podpass' own, if it is not there yet."""
        if self.request("GET", f"/api/v1/namespaces/{namespace}").status == 404:
            self.namespace(namespace)
        if self.request("GET", f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}").status == 404:
            self.service_account(namespace, name)

    def server_token_file(self):
        """The token that the Podpass server shows: of a service account that may review tokens."""
        path = self.directory / "podpass-server.token"
        self.system_account("podpass-server")
        user = f"system:serviceaccount:{SYSTEM}:podpass-server"
        if self.request("GET", f"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/{user.replace(':', '.')}").status == 404:
            self.bind(user, "system:auth-delegator")
        path.write_text(self.token(SYSTEM, "podpass-server", audience=self.issuer))
        return path

    def mint(self, **claims):
        """A token of any content, signed with the key that the API server signs with."""
        self.system_account("podpass-reference")
        reference = self.token(SYSTEM, "podpass-reference")
        return certificates.sign_jwt(self._signing_key, header(reference), {**payload(reference), **claims})
