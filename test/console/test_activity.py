"""Activity: the audit trail as it grows, its filters, a record, and the way from a denial to why."""

import json
import re
import urllib.parse

import botocore.exceptions
import pytest
from playwright.sync_api import expect
from podpass_server import allow


def activity_url(server, **query):
    return f"{server.endpoint}/console/activity?{urllib.parse.urlencode(query)}"


@pytest.fixture
def denied(server, world):
    """A pod that was denied an object; the bucket and the association."""
    bucket = world.bucket(key=b"x")
    role = world.role(policy=allow("s3:GetObject", "arn:aws:s3:::another/*"))
    association = world.associate(role)
    with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
        server.client("s3", server.pod_keys(world.name, "sa")).get_object(Bucket=bucket, Key="key")
    return bucket, association


def rows(page):
    return page.get_by_role("grid", name="Activity").get_by_role("row")


def test_a_denial_leads_to_its_explanation(server, world, denied, signed_in_page, check_accessibility, screenshot):
    bucket, association = denied
    page = signed_in_page
    page.get_by_role("link", name="Activity", exact=True).click()
    page.get_by_role("heading", level=1, name="Activity").wait_for()
    page.get_by_role("row", name=re.compile("GetObject.*" + world.name, re.DOTALL)).first.wait_for()
    check_accessibility(page)
    screenshot(page, "activity")

    page.goto(activity_url(server, outcome="denied", roleArn=association["roleArn"]))
    row = page.get_by_role("row", name=re.compile("GetObject"))
    row.wait_for()
    expect(rows(page)).to_have_count(2)  # and the header
    row.get_by_text("GetObject").click()
    panel = page.get_by_role("region", name="GetObject")
    panel.get_by_text("User: arn:aws:sts::").wait_for()
    panel.get_by_text(f"{world.name}/sa-pod").wait_for()
    panel.get_by_text(f"Denied, as nothing allows it: s3:GetObject on arn:aws:s3:::{bucket}/key").wait_for()
    assert '"eventName": "GetObject"' in panel.locator(".cm-content").inner_text()
    check_accessibility(page)
    screenshot(page, "activity_record")

    row.get_by_role("link", name="Explain s3:GetObject").click()
    page.get_by_role("heading", level=1, name="Explain").wait_for()
    page.get_by_role("heading", name="How it was decided").wait_for()
    page.get_by_text("Denied, as nothing allows it", exact=True).locator("visible=true").first.wait_for()
    page.get_by_text("Allow statement number 1: does not apply").wait_for()
    given = urllib.parse.parse_qs(urllib.parse.urlsplit(page.url).query)
    assert given["action"] == ["s3:GetObject"] and given["resource"] == [f"arn:aws:s3:::{bucket}/key"] and given["recorded"] == ["true"]
    assert json.loads(given["context"][0])["aws:PrincipalTag/kubernetes-pod-name"] == "sa-pod"
    page.reload()  # the whole context is in the address
    page.get_by_role("heading", name="How it was decided").wait_for()
    check_accessibility(page)
    screenshot(page, "explain_recorded")


def test_what_happens_is_shown_at_once_unless_it_is_paused(server, world, signed_in_page):
    page = signed_in_page
    watched = world.new("watched")
    page.goto(activity_url(server, eventName="CreateUser", text=watched))
    page.get_by_text("Following: what comes is shown at once.").wait_for()
    page.get_by_text("No record that this server remembers fits the filter.").wait_for()
    world.iam.create_user(UserName=f"{watched}-first")
    page.get_by_role("row", name=re.compile("CreateUser")).click(timeout=10_000)
    page.get_by_role("region", name="CreateUser").get_by_text(f"{watched}-first", exact=True).wait_for()
    page.get_by_text("Follow", exact=True).click()
    page.get_by_text("Paused: what comes is not shown.").wait_for()
    world.iam.create_user(UserName=f"{watched}-second")
    page.wait_for_timeout(1500)
    expect(rows(page)).to_have_count(2)
    page.get_by_text("Follow", exact=True).click()
    expect(rows(page)).to_have_count(3)
    rows(page).nth(1).click()
    page.get_by_role("region", name="CreateUser").get_by_text(f"{watched}-second", exact=True).wait_for()


def test_filters_are_in_the_address(server, world, denied, signed_in_page, check_accessibility, screenshot):
    bucket, association = denied
    page = signed_in_page
    page.goto(activity_url(server))
    rows(page).nth(1).wait_for()
    page.get_by_role("button", name="Outcome").click()
    page.get_by_role("option", name="Denied").click()
    page.wait_for_url("**/activity?outcome=denied")
    search = page.get_by_role("combobox", name="Find records")
    search.fill(bucket)
    search.press("Enter")
    page.wait_for_url(f"**/activity?**text={bucket}**")
    expect(rows(page)).to_have_count(2)
    search.fill("Pod =")
    page.get_by_role("option", name=f"{world.name}/sa-pod").click()
    page.wait_for_url("**/activity?**pod=**")
    page.get_by_role("row", name=re.compile("GetObject")).wait_for()
    expect(rows(page)).to_have_count(2)
    page.reload()
    page.get_by_role("row", name=re.compile("GetObject")).wait_for()
    check_accessibility(page)
    screenshot(page, "activity_filtered")
    search.fill("nothing has this")
    search.press("Enter")
    page.get_by_text("No record that this server remembers fits the filter.").wait_for()
    check_accessibility(page)
    page.go_back()
    page.get_by_role("row", name=re.compile("GetObject")).wait_for()

    page.goto(activity_url(server, associationId=association["associationId"], eventName="AssumeRoleForPodIdentity"))
    page.get_by_role("row", name=re.compile("AssumeRoleForPodIdentity")).click()
    panel = page.get_by_role("region", name="AssumeRoleForPodIdentity")
    panel.get_by_role("link", name=association["associationId"], exact=True).wait_for()
    panel.get_by_role("link", name=f"Only these: {association['roleArn']}").click()
    page.wait_for_url("**/activity?roleArn=**")
    page.get_by_role("row", name=re.compile("GetObject")).wait_for()


def test_older_records_come_on_demand(server, world, signed_in_page):
    for _ in range(60):
        world.iam.list_users()
    page = signed_in_page
    page.goto(activity_url(server, eventName="ListUsers"))
    older = page.get_by_role("button", name="Show older records")
    older.wait_for()
    expect(rows(page)).to_have_count(51)
    older.click()
    page.get_by_text("There are no older records that this server remembers.").wait_for()
    assert rows(page).count() >= 61


def test_a_request_is_found_by_its_id(server, world, signed_in_page):
    """What an error's link "Why was it denied?" opens, just after it came about."""
    keys, arn = world.user()
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        server.client("eks", keys).list_clusters()
    request_id = refused.value.response["ResponseMetadata"]["RequestId"]
    page = signed_in_page
    page.goto(f"{server.endpoint}/console/explain?requestId={request_id}")
    page.get_by_role("heading", name="How it was decided").wait_for()
    assert urllib.parse.parse_qs(urllib.parse.urlsplit(page.url).query)["principalArn"] == [arn]
    page.goto(f"{server.endpoint}/console/explain?requestId=none")
    page.get_by_text("Request none is not in the activity that the server remembers.").wait_for()


def test_without_permission_it_says_so(server, world, page, check_accessibility, screenshot):
    keys, arn = world.user(allow("podpass:CreateConsoleSignIn", "*"))
    page.goto(server.console_link(keys))
    page.get_by_role("heading", level=1).first.wait_for()
    page.goto(activity_url(server))
    page.get_by_text(f"User: {arn} is not authorized to perform: podpass:ListActivity").wait_for()
    check_accessibility(page)
    screenshot(page, "activity_refused")


@pytest.mark.parametrize("scheme, width", [("dark", 1280), ("light", 400)])
def test_it_reads_well_in_the_dark_and_on_a_phone(browser, server, world, denied, check_accessibility, screenshot, scheme, width):
    _, association = denied
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(server.console_link())
    page.get_by_role("heading", level=1).first.wait_for()
    page.goto(activity_url(server, roleArn=association["roleArn"]))
    page.get_by_role("row", name=re.compile("GetObject")).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "it scrolls sideways"
    check_accessibility(page)
    screenshot(page, f"activity_{scheme}_{width}")
    page.get_by_role("row", name=re.compile("GetObject")).get_by_text("GetObject").click()
    page.get_by_role("region", name="GetObject").wait_for()
    check_accessibility(page)
    screenshot(page, f"activity_record_{scheme}_{width}")
    context.close()
