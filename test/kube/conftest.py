"""One control plane for all tests that leave it as it was; names are new for each test, so that tests don't see each other.

`second_cluster` has the same issuer and other keys, and may be stopped and get new keys: a test that takes it finds it running.
"""

import itertools
import json
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "end_to_end"))  # podpass_server: the program and its clients

import cluster as kubernetes  # noqa: E402
import podpass_server  # noqa: E402
from world import World  # noqa: E402


def pytest_sessionstart(session):
    if not podpass_server.BINARY.exists():
        pytest.exit(f"no program at {podpass_server.BINARY}: run make build, or set PODPASS_BINARY", returncode=1)
    missing = [name for name in ("kube-apiserver", "etcd", "kubectl") if not (kubernetes.PROGRAMS / name).exists()]
    if missing:
        pytest.exit(f"no {', '.join(missing)} in {kubernetes.PROGRAMS}: run scripts/kube_apiserver", returncode=1)


def _running(directory):
    running = kubernetes.Cluster(directory)
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    yield from _running(tmp_path_factory.mktemp("cluster"))


@pytest.fixture(scope="session")
def _second_cluster(tmp_path_factory):
    yield from _running(tmp_path_factory.mktemp("second_cluster"))


@pytest.fixture
def second_cluster(_second_cluster):
    yield _second_cluster
    if not _second_cluster.api_server_runs():
        _second_cluster.start_api_server()


_numbers = itertools.count(1)


@pytest.fixture
def name():
    """A name that no other test uses."""
    return f"t{next(_numbers)}"


@pytest.fixture
def namespace(cluster, name):
    """A namespace of this test's own, with the service account `sa`."""
    cluster.namespace(name)
    cluster.service_account(name, "sa")
    return name


# --- Podpass ---------------------------------------------------------------------------------------------------------


class Server(podpass_server.Podpass):
    def command(self, *words, check=True, **more):
        """A podpass command as an administrator types it who has sourced `podpass env`."""
        return self.run([podpass_server.BINARY, *words], self.root_env(), check, **more)

    def command_json(self, *words):
        return json.loads(self.command(*words).stdout)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failure shows the end of the server's log."""
    outcome = yield
    report = outcome.get_result()
    for value in item.funcargs.values() if report.failed and hasattr(item, "funcargs") else ():
        if isinstance(value, (Server, kubernetes.Cluster)):
            report.sections.append((f"the log of {type(value).__name__}", value.log_text()[-6000:]))


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    podpass = Server(tmp_path_factory.mktemp("podpass")).start()
    yield podpass
    assert podpass.process.poll() is None, f"the server ended during the tests\n{podpass.log_text()}"
    assert podpass.stop() == 0, podpass.log_text()


@pytest.fixture
def world(server, name):
    return World(server, name)


@pytest.fixture(scope="session")
def registered(server, cluster):
    """The name of the control plane as a cluster of Podpass; its tokens are checked by their signature."""
    server.command("cluster", "register", "onprem", "--kubeconfig", cluster.kubeconfig())
    return "onprem"


@pytest.fixture(scope="session")
def reviewed(server, cluster):
    """The same control plane again; it is asked about each token."""
    server.command("cluster", "register", "onprem-reviewed", "--kubeconfig", cluster.kubeconfig(), "--token-review")
    return "onprem-reviewed"
