"""One server for all tests that leave it as it was; names are new for each test, so that tests don't see each other."""

import itertools

import pytest

import podpass_server
from podpass_server import Podpass
from world import World


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failure shows the end of the server's log."""
    outcome = yield
    report = outcome.get_result()
    server = next((value for value in item.funcargs.values() if isinstance(value, Podpass)), None) if hasattr(item, "funcargs") else None
    if report.failed and server:
        report.sections.append(("the server's log", server.log_text()[-6000:]))


@pytest.fixture(scope="session", autouse=True)
def program():
    assert podpass_server.BINARY.exists(), f"no program at {podpass_server.BINARY}: run make build, or set PODPASS_BINARY"


@pytest.fixture(scope="session")
def server(tmp_path_factory, program):
    podpass = Podpass(tmp_path_factory.mktemp("podpass")).start()
    yield podpass
    assert podpass.process.poll() is None, f"the server ended during the tests\n{podpass.log_text()}"
    assert podpass.stop() == 0, podpass.log_text()


_numbers = itertools.count(1)


@pytest.fixture
def name():
    """A name that no other test uses."""
    return f"t{next(_numbers)}"


@pytest.fixture
def world(server, name):
    return World(server, name)


def refused(error_info, code, status=None):
    """The message of a ClientError that has this code."""
    response = error_info.value.response
    assert response["Error"]["Code"] == code, response
    if status:
        assert response["ResponseMetadata"]["HTTPStatusCode"] == status, response
    return response["Error"]["Message"]


@pytest.fixture(name="refused")
def refused_fixture():
    return refused


def pytest_make_parametrize_id(config, val, argname):
    """Short names for long inputs."""
    if isinstance(val, (bytes, str)) and len(val) > 40:
        return f"{argname}-{len(val)}-{val[:12]!r}".replace("\\", "")
    return None
