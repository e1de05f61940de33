"""The console in Debian's Chromium, against `podpass up` with the files that it was built with.

Each test has a browser context of its own, so no cookies are shared. What a page must never do fails the test: an uncaught
error, an error in the browser's console, a breach of the Content-Security-Policy, a request to another host. Screenshots go
to build/console_screenshots, or to $PODPASS_SCREENSHOTS.
"""

import itertools
import os
import pathlib
import shutil
import sys
import urllib.parse

import pytest
from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "end_to_end"))

import podpass_server  # noqa: E402
from podpass_server import Podpass  # noqa: E402
from world import World  # noqa: E402

SCREENSHOTS = pathlib.Path(os.environ.get("PODPASS_SCREENSHOTS", ROOT / "build" / "console_screenshots"))
AXE = ROOT / "build" / "clients" / "node_modules" / "axe-core" / "axe.min.js"
WAIT_MS = 15_000
SETTLED = """() => Promise.all(document.getAnimations().filter((each) => each.effect.getComputedTiming().endTime !== Infinity)
    .map((each) => each.finished.catch(() => {}))).then(() => true)"""

# The first: containers have no user namespaces for its sandbox. The rest: no calls to its maker's hosts.
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    assert podpass_server.BINARY.exists(), f"no program at {podpass_server.BINARY}: run make build, or set PODPASS_BINARY"
    podpass = Podpass(tmp_path_factory.mktemp("podpass")).start()
    yield podpass
    assert podpass.process.poll() is None, f"the server ended during the tests\n{podpass.log_text()}"
    assert podpass.stop() == 0, podpass.log_text()


@pytest.fixture(scope="session")
def browser():
    program = shutil.which("chromium")
    assert program, "no chromium: run scripts/setup test"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


class Watched:
    """A browser context and what went wrong in its pages."""

    def __init__(self, browser, endpoint, **options):
        self.endpoint = endpoint
        self.wrong = []
        self.expected = []  # texts of errors that a test provokes
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        self.context.set_default_timeout(WAIT_MS)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=endpoint)

    def page(self):
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.wrong.append(f"uncaught: {error}"))
        page.on("console", lambda message: self.wrong.append(f"console: {message.text}") if message.type == "error" else None)
        page.on("request", self._look_at)
        return page

    def _look_at(self, request):
        host = urllib.parse.urlsplit(request.url)
        if host.scheme in ("http", "https") and host.netloc != urllib.parse.urlsplit(self.endpoint).netloc:
            self.wrong.append(f"request to {request.url}")

    def close(self):
        self.context.close()
        # A refused call is said so by the browser itself; the tests look at what the page says of it.
        left = [each for each in self.wrong if "Failed to load resource" not in each and not any(text in each for text in self.expected)]
        assert not left, left


@pytest.fixture
def watched(browser, server):
    watched = Watched(browser, server.endpoint)
    yield watched
    watched.close()


@pytest.fixture
def page(watched):
    return watched.page()


@pytest.fixture
def signed_in_page(server, page):
    """A page of root's session, at the clusters."""
    page.goto(server.console_link())
    page.get_by_role("heading", level=1, name="Clusters").wait_for()
    return page


_numbers = itertools.count(1)


@pytest.fixture
def world(server):
    """Makes what a test needs, with names that no other test uses."""
    return World(server, f"c{next(_numbers)}")


@pytest.fixture
def screenshot():
    """screenshot(page, "associations"): a file of that name for the people who look at them."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def take(page, name):
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return take


@pytest.fixture
def check_accessibility():
    assert AXE.exists(), f"no axe at {AXE}: run scripts/setup test"
    source = AXE.read_text()

    def check(page):
        page.evaluate(SETTLED)  # colours that fade in are none yet
        page.evaluate(source)
        found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        serious = [f"{each['id']}: {each['help']}: {[node['html'][:200] for node in each['nodes'][:3]]}"
                   for each in found["violations"] if each["impact"] in ("serious", "critical")]
        assert not serious, f"{page.url}: " + "\n".join(serious)

    return check
