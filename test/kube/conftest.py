"""One control plane for all tests that leave it as it was; names are new for each test, so that tests don't see each other.

`second_cluster` has the same issuer and other keys, and may be stopped and get new keys: a test that takes it finds it running.
"""

import itertools
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "end_to_end"))  # podpass_server: the program and its clients

import cluster as kubernetes  # noqa: E402
import podpass_server  # noqa: E402
from server import Server, web_identity  # noqa: E402
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


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failure shows the end of the logs."""
    outcome = yield
    report = outcome.get_result()
    for name, value in item.funcargs.items() if report.failed and hasattr(item, "funcargs") else ():
        if hasattr(value, "log_text"):
            report.sections.append((f"the log of {name}", value.log_text()[-6000:]))


@pytest.fixture(scope="session")
def make_server(tmp_path_factory):
    """Starts servers, which end with the tests, and well."""
    made = []

    def make(*flags):
        made.append(Server(tmp_path_factory.mktemp("podpass"), *flags))
        return made[-1].start()

    yield make
    for server in made:
        code = server.stop() if server.process.poll() is None else server.process.returncode  # a test may have stopped it
        assert code == 0, f"a server ended with {code}\n{server.log_text()}"


@pytest.fixture(scope="session")
def server(make_server):
    return make_server()


@pytest.fixture
def world(server, name):
    return World(server, name)


@pytest.fixture(scope="session")
def registration(server, cluster):
    """What `podpass cluster register` said of the control plane; its tokens are checked by their signature."""
    return server.register("onprem", cluster)


@pytest.fixture(scope="session")
def registered(registration):
    return registration["registration"]["clusterName"]


@pytest.fixture(scope="session")
def reviewed(server, cluster):
    """The same control plane again; it is asked about each token."""
    return server.register("onprem-reviewed", cluster, "--token-review")["registration"]["clusterName"]


@pytest.fixture(scope="session")
def webhook_env(server, cluster, registration):
    """The webhook proves who it is by the token of its own service account."""
    return web_identity(server, cluster, registration["webhookRoleArn"], "podpass-webhook")
