"""One control plane for all tests that leave it as it was; names are new for each test, so that tests don't see each other.

`second_cluster` has the same issuer and other keys, and may be stopped and get new keys: a test that takes it finds it running.
"""

import itertools
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "end_to_end"))  # podpass_server: the program and its clients

import cluster as kubernetes  # noqa: E402


def pytest_sessionstart(session):
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
