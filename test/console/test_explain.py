"""Explain: why a pod may or may not, drawn policy by policy; each kind of decision, and what it can't answer."""

import json
import urllib.parse

import pytest
from podpass_server import ACCOUNT, CLUSTER, allow

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 400, "height": 800}


def explain_url(server, **query):
    return f"{server.endpoint}/console/explain?{urllib.parse.urlencode(query)}"


def pod(world, account="sa"):
    return {"clusterName": CLUSTER, "namespace": world.name, "serviceAccount": account}


def decided(page, words):
    page.get_by_text(words, exact=True).locator("visible=true").first.wait_for()
    page.get_by_role("heading", name="How it was decided").wait_for()


def show_all(page):
    """A window as high as the page: editors draw what is in sight."""
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": page.viewport_size["width"], "height": height + 50})
    page.wait_for_timeout(300)


@pytest.fixture
def reader(world):
    """A role with a policy of several statements, and an association of it; the bucket."""
    bucket = world.bucket(**{"key": b"x"})
    document = {"Version": "2012-10-17", "Statement": [
        {"Sid": "ReadOwn", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": f"arn:aws:s3:::{bucket}/${{aws:PrincipalTag/kubernetes-namespace}}/*"},
        {"Sid": "List", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}", "Condition": {"StringLike": {"s3:prefix": "own/*"}}},
        {"Sid": "NeverDelete", "Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"}]}
    policy = world.iam.create_policy(PolicyName=world.new("policy"), PolicyDocument=json.dumps(document, indent=4))["Policy"]["Arn"]
    role = world.role(policy=allow("sqs:SendMessage", "*"))
    world.iam.attach_role_policy(RoleName=role.split("/")[-1], PolicyArn=policy)
    world.associate(role)
    return bucket


def test_a_pod_is_chosen_and_its_request_explained(server, world, reader, signed_in_page, check_accessibility, screenshot):
    page = signed_in_page
    page.get_by_role("link", name="Explain", exact=True).click()
    page.get_by_role("heading", level=1, name="Explain").wait_for()
    check_accessibility(page)
    screenshot(page, "explain_form")
    page.get_by_role("button", name="Explain", exact=True).click()
    assert page.get_by_text("This is required.").count() == 5
    for label, text in (("Cluster", CLUSTER), ("Namespace", world.name), ("Service account", "sa")):
        page.get_by_role("combobox", name=label, exact=True).fill(text[:-1] if label != "Service account" else "")
        page.get_by_role("option", name=text, exact=True).click()
    page.get_by_role("combobox", name="Action").fill("s3:GetObjectT")
    page.get_by_role("option", name="s3:GetObjectTagging", exact=True).wait_for()
    page.get_by_role("combobox", name="Action").fill("s3:GetObject")
    page.get_by_role("option", name="s3:GetObject", exact=True).click()
    page.get_by_role("combobox", name="Resource").fill(f"arn:aws:s3:::{reader}/other/key")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Explain", exact=True).click()
    decided(page, "Denied, as nothing allows it")
    page.get_by_text("Allow statement ReadOwn: does not apply").wait_for()
    page.get_by_text("Resource does not match").wait_for()
    page.get_by_text(f'"arn:aws:s3:::{reader}/other/key"').first.wait_for()
    marked = page.locator("[data-json-editor*='Policy document']").first.locator(".cm-line-info").all_inner_texts()
    assert any('"ReadOwn"' in line for line in marked), marked
    check_accessibility(page)
    show_all(page)
    screenshot(page, "explain_implicit_deny")

    # the address is the question
    before = page.url
    page.reload()
    decided(page, "Denied, as nothing allows it")
    assert page.url == before

    # what it suggests does it
    page.get_by_role("button", name="Copy statement").click()
    page.get_by_text("Copied").first.wait_for()
    statement = json.loads(page.evaluate("navigator.clipboard.readText()"))
    role = page.get_by_role("link", name="Open role").first.inner_text().split()[-1]
    world.iam.put_role_policy(RoleName=role, PolicyName="more", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    page.get_by_role("button", name="Explain", exact=True).click()
    decided(page, "Allowed")
    page.get_by_text("Allow statement number 1: applies").wait_for()
    check_accessibility(page)
    show_all(page)
    screenshot(page, "explain_allow")


def test_a_key_that_is_missing_is_given(server, world, reader, signed_in_page):
    page = signed_in_page
    page.goto(explain_url(server, **pod(world), action="s3:ListBucket", resource=f"arn:aws:s3:::{reader}"))
    decided(page, "Denied, as nothing allows it")
    page.get_by_text("no key s3:prefix").wait_for()
    page.get_by_role("button", name="Give s3:prefix").click()
    page.keyboard.type("own/x")  # the focus is where the value goes
    page.get_by_text("The request above has changed since.").wait_for()
    page.get_by_role("button", name="Explain", exact=True).click()
    decided(page, "Allowed")
    assert urllib.parse.parse_qs(urllib.parse.urlsplit(page.url).query)["context"] == ['{"s3:prefix":"own/x"}']
    page.go_back()
    decided(page, "Denied, as nothing allows it")


def test_a_deny_is_final(server, world, reader, signed_in_page, check_accessibility, screenshot):
    page = signed_in_page
    page.goto(explain_url(server, **pod(world), action="s3:DeleteObject", resource=f"arn:aws:s3:::{reader}/key"))
    decided(page, "Denied, explicitly")
    page.get_by_text("Deny statement NeverDelete: applies").wait_for()
    page.get_by_text("No statement can allow it: a deny is final.").wait_for()
    marked = page.locator("[data-json-editor*='Policy document']").first.locator(".cm-line-deny").all_inner_texts()
    assert any('"NeverDelete"' in line for line in marked), marked
    check_accessibility(page)
    show_all(page)
    screenshot(page, "explain_explicit_deny")


def test_each_layer_has_its_say(server, world, signed_in_page, check_accessibility, screenshot):
    """A bucket policy, identity policies, a boundary, an association's session policy: in the order of evaluation."""
    bucket = world.bucket(key=b"x")
    role = world.role(policy=allow("s3:*", "*"))
    boundary = world.iam.create_policy(PolicyName=world.new("limit"), PolicyDocument=json.dumps(allow("ec2:*", "*")))["Policy"]["Arn"]
    world.iam.put_role_permissions_boundary(RoleName=role.split("/")[-1], PermissionsBoundary=boundary)
    world.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
         "Resource": f"arn:aws:s3:::{bucket}/*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "blue"}}}]}))
    world.associate(role, disableSessionTags=True, policy=json.dumps(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*")))
    page = signed_in_page
    page.goto(explain_url(server, **pod(world), action="s3:GetObject", resource=f"arn:aws:s3:::{bucket}/key"))
    decided(page, "Denied, as nothing allows it")
    steps = page.get_by_role("list", name="How it was decided")
    assert steps.get_by_role("heading", level=3).all_inner_texts()[:4] == [
        "Resource-based policy: does not allow", "Identity-based policies: allows", "Permissions boundary: does not allow",
        "Session policies: allows"]
    assert steps.get_by_text("In the way", exact=True).count() == 1
    assert steps.get_by_text("not needed here", exact=True).count() == 1
    steps.get_by_text("StringEquals aws:PrincipalTag/team wants").wait_for()
    page.get_by_role("heading", name="In the permissions boundary").wait_for()
    check_accessibility(page)
    show_all(page)
    screenshot(page, "explain_layers")


def test_other_principals_are_suggested(server, world, signed_in_page, screenshot):
    role = world.role()
    page = signed_in_page
    page.goto(explain_url(server, action="sts:AssumeRole", resource=role))
    page.get_by_role("radio", name="Another principal").check()
    page.get_by_role("combobox", name="Principal").fill(role.split("/")[-1])
    page.get_by_role("option", name=role).wait_for()
    page.get_by_role("combobox", name="Principal").fill("pods.eks")
    page.get_by_role("option", name="pods.eks.amazonaws.com").click()
    page.get_by_role("button", name="Explain", exact=True).click()
    decided(page, "Allowed")
    page.get_by_role("heading", name="Role trust policy: allows").wait_for()
    page.get_by_text("Principal matches").wait_for()
    show_all(page)
    screenshot(page, "explain_trust")


@pytest.mark.parametrize("query, words", [
    ({"clusterName": CLUSTER, "namespace": "none", "serviceAccount": "none"}, "No pod identity association found for service account none"),
    ({"clusterName": "none", "namespace": "none", "serviceAccount": "none"}, "No cluster found"),
    ({"principalArn": f"arn:aws:iam::{ACCOUNT}:role/none"}, f"There is no role arn:aws:iam::{ACCOUNT}:role/none."),
])
def test_what_is_not_there_is_said(server, signed_in_page, query, words):
    page = signed_in_page
    page.goto(explain_url(server, **query, action="s3:GetObject", resource="*"))
    page.get_by_text(words).wait_for()
    page.get_by_role("button", name="Retry").wait_for()


def test_without_permission_it_says_so(server, world, page, check_accessibility, screenshot):
    keys, arn = world.user(allow("podpass:CreateConsoleSignIn", "*"))
    page.goto(server.console_link(keys))
    page.get_by_role("heading", level=1).first.wait_for()
    page.goto(explain_url(server, **pod(world), action="s3:GetObject", resource="*"))
    page.get_by_text(f"User: {arn} is not authorized to perform: podpass:Explain").wait_for()
    page.get_by_role("combobox", name="Cluster", exact=True).click()
    page.get_by_text("There are no suggestions: they could not be read.").first.wait_for()
    check_accessibility(page)
    screenshot(page, "explain_refused")


@pytest.mark.parametrize("scheme, size", [("dark", WIDE), ("light", NARROW)])
def test_it_reads_well_in_the_dark_and_on_a_phone(browser, server, world, reader, check_accessibility, screenshot, scheme, size):
    context = browser.new_context(viewport=size, color_scheme=scheme)
    page = context.new_page()
    page.goto(server.console_link())
    page.get_by_role("heading", level=1).first.wait_for()
    page.goto(explain_url(server, **pod(world), action="s3:ListBucket", resource=f"arn:aws:s3:::{reader}"))
    decided(page, "Denied, as nothing allows it")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "it scrolls sideways"
    check_accessibility(page)
    show_all(page)
    screenshot(page, f"explain_{scheme}_{size['width']}")
    context.close()
