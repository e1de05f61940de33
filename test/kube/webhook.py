"""`podpass webhook` beside a control plane, and the configuration that makes the API server call it."""

import base64
import http.client
import ssl

import podpass_server
from podpass_server import COMMAND_SECONDS, REGION, free_ports
from processes import Process, eventually

LABEL = "podpass-test"  # a namespace with it is served by the webhook that it names
CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
SKIP = {"key": "eks.amazonaws.com/skip-pod-identity-webhook", "operator": "DoesNotExist"}


class Webhook:
    def __init__(self, directory, name, env, *flags, address="127.0.0.1"):
        """`env` has what it signs requests with. `flags` say where its certificate and its identities are from."""
        self.address = address
        self.directory = directory
        self.name = name
        self.port, self.metrics_port = free_ports(2)
        self.url = f"https://{address}:{self.port}/mutate"
        self._env = env
        self._flags = flags
        self._process = None

    def start(self):
        self._process = Process(self.name, self.directory, [
            podpass_server.BINARY, "webhook", "--port", self.port, "--metrics-port", self.metrics_port, "--bind-address", self.address,
            "--region", REGION, *self._flags], self._env)
        eventually(self.ready)
        return self

    def stop(self):
        assert self._process.stop() == 0, self.log_text()

    def kill(self):
        self._process.kill()

    def log_text(self):
        return self._process.log_text() if self._process else ""

    def ready(self):
        assert self._process.running(), self.log_text()
        try:
            return self.get("/readyz")[0] == 200
        except OSError:
            return False

    def get(self, path):
        """(status, text) of what it serves without TLS."""
        return ask(http.client.HTTPConnection(self.address, self.metrics_port, timeout=COMMAND_SECONDS), "GET", path)

    def mutations(self):
        """How many reviews it answered."""
        lines = [line for line in self.get("/metrics")[1].splitlines() if line.startswith("http_request_count{") and 'path="/mutate"' in line]
        return sum(int(float(line.split()[-1])) for line in lines)

    def post(self, body, authority):
        """(status, text) of a review that is sent straight to it."""
        context = ssl.create_default_context(cafile=str(authority))
        connection = http.client.HTTPSConnection(self.address, self.port, context=context, timeout=COMMAND_SECONDS)
        return ask(connection, "POST", "/mutate", body, {"Content-Type": "application/json"})


def ask(connection, method, path, body=None, headers=None):
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def configuration(name, client_config, failure_policy="Ignore"):
    """As docs and deploy/ have it, but for one test's namespaces only."""
    return {"metadata": {"name": name}, "webhooks": [{
        "name": "pod-identity.podpass.dev", "admissionReviewVersions": ["v1", "v1beta1"], "sideEffects": "None", "timeoutSeconds": 10,
        "failurePolicy": failure_policy, "reinvocationPolicy": "IfNeeded", "clientConfig": client_config,
        "namespaceSelector": {"matchLabels": {LABEL: name}}, "objectSelector": {"matchExpressions": [SKIP]},
        "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
    }]}


def by_url(webhook, authority):
    return {"url": webhook.url, "caBundle": base64.b64encode(authority.read_bytes()).decode()}


def install(cluster, webhook, client_config, failure_policy="Ignore"):
    """Makes the namespace `<name>`, with a service account `nobody`, whose pods the API server shows to the webhook from now on."""
    name = webhook.name
    cluster.call("POST", CONFIGURATIONS, configuration(name, client_config, failure_policy))
    cluster.namespace(name, labels={LABEL: name})
    cluster.service_account(name, "nobody")

    def is_called():
        before = webhook.mutations()
        cluster.request_pod(name, "probe", "nobody", dry_run=True)
        return webhook.mutations() > before

    eventually(is_called)
