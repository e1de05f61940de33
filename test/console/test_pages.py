"""What holds for every page: it is accessible, has one first heading and a title, and survives a reload. And the keyboard alone is enough."""

import re

import pytest

from podpass_server import CLUSTER

PAGES = ["clusters", "clusters/create", f"clusters/{CLUSTER}/overview", "iam/roles", "iam/create-role", "iam/policies",
         "iam/create-policy", "iam/users", "iam/create-user", "explain", "activity", "no/such/page", "clusters/no-such-cluster/access",
         "iam/roles/no-such-role/permissions"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page(server, signed_in_page, path, check_accessibility, screenshot):
    page = signed_in_page
    for visit in (lambda: page.goto(f"{server.endpoint}/console/{path}"), page.reload):
        visit()
        page.get_by_role("heading", level=1).first.wait_for()
        page.wait_for_timeout(300)  # lists load behind the heading
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.title().endswith("| Podpass"), page.title()
    assert page.url == f"{server.endpoint}/console/{path}"
    check_accessibility(page)
    screenshot(page, "page_" + path.replace("/", "_"))


def tab_to(page, element):
    """Presses Tab until the element has the focus."""
    for _ in range(80):
        if element.evaluate("element => element === document.activeElement || element.contains(document.activeElement)"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {element}")


def test_an_association_is_created_with_the_keyboard_alone(server, signed_in_page, world):
    page = signed_in_page
    role = world.role().split("/")[-1]
    page.goto(f"{server.endpoint}/console/clusters/{CLUSTER}/access/create-association")
    page.get_by_role("heading", level=1, name="Create Pod Identity association").wait_for()
    page.wait_for_load_state("networkidle")
    tab_to(page, page.get_by_label("Kubernetes namespace"))
    page.keyboard.type(world.name)
    page.keyboard.press("Escape")
    tab_to(page, page.get_by_label("Kubernetes service account"))
    page.keyboard.type("by-keyboard")
    page.keyboard.press("Escape")
    page.wait_for_load_state("networkidle")
    picker = page.get_by_role("button", name=re.compile("^IAM role"))
    for _ in range(40):
        if picker.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.keyboard.type(role)
    page.get_by_role("option", name=role).wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Create", exact=True))
    page.keyboard.press("Enter")
    page.get_by_text(f"The association for {world.name}/by-keyboard was created.").first.wait_for()
