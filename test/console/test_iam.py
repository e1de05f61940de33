"""The pages of IAM: roles, policies, users and their access keys."""

import json
import pathlib
import re
import urllib.parse

import pytest

from podpass_server import ACCOUNT, CLUSTER, TRUST, Keys, allow


@pytest.fixture
def iam(server):
    return server.client("iam")


@pytest.fixture
def go(server, signed_in_page):
    """go("iam/roles", "Roles"): the page at that path, once it has that heading."""

    def go(path, heading):
        signed_in_page.goto(f"{server.endpoint}/console/{path}")
        signed_in_page.get_by_role("heading", level=1, name=heading).wait_for()
        return signed_in_page

    return go


def policy_arn(name):
    return f"arn:aws:iam::{ACCOUNT}:policy/{name}"


def policy_path(name, tab):
    return f"iam/policies/{urllib.parse.quote(policy_arn(name), safe='')}/{tab}"


def make_policy(iam, name, *documents):
    """A policy with a version for each document, the last one being the default."""
    first, *more = documents or (allow("s3:GetObject", "*"),)
    iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(first))
    for document in more:
        iam.create_policy_version(PolicyArn=policy_arn(name), PolicyDocument=json.dumps(document), SetAsDefault=True)


def make_role(iam, name, **more):
    return iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST), **more)["Role"]


def write(page, label, text):
    """Replaces what an editor has, as a person with a keyboard does."""
    page.locator(f'[data-json-editor="{label}"] .cm-content').click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)


def confirm(page, typed=None, button="Delete"):
    dialog = page.get_by_role("dialog")
    if typed:
        dialog.get_by_role("textbox").fill(typed)
    dialog.get_by_role("button", name=button, exact=True).click()


# --- roles


def test_a_role_for_pod_identity_from_the_template(server, go, iam, screenshot, check_accessibility):
    make_policy(iam, "iam-read")
    page = go("iam/create-role", "Create role")
    page.get_by_label("Role name").fill("iam-app")
    page.get_by_label("Description").fill("For pods")
    page.get_by_role("button", name=re.compile("^Policies to attach")).click()
    page.get_by_role("option", name=re.compile("iam-read")).click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add tag").click()
    page.get_by_role("combobox", name="Key").fill("team")
    page.get_by_role("combobox", name=re.compile("^Value")).fill("shop")
    page.get_by_role("button", name="Which pods").click()
    page.get_by_label("Cluster - optional").fill(CLUSTER)
    page.keyboard.press("Escape")
    page.get_by_label("Namespace").fill("shop")
    page.get_by_role("button", name="Trust policy", exact=True).click()
    screenshot(page, "iam_create_role")
    check_accessibility(page)
    page.get_by_role("button", name="Create role").click()
    page.get_by_role("heading", level=1, name="iam-app").wait_for()
    page.get_by_role("link", name="iam-read").wait_for()
    screenshot(page, "iam_role_permissions")
    check_accessibility(page)

    role = iam.get_role(RoleName="iam-app")["Role"]
    assert role["Tags"] == [{"Key": "team", "Value": "shop"}]
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert statement["Condition"]["ArnEquals"]["aws:SourceArn"].endswith(f":cluster/{CLUSTER}")
    eks = server.client("eks")
    for namespace in ("shop", "other"):
        eks.create_pod_identity_association(clusterName=CLUSTER, namespace=namespace, serviceAccount="iam-app", roleArn=role["Arn"])
    assert server.pod_keys("shop", "iam-app").token
    assert server.ask_agent(server.mint("other", "iam-app")).status != 200, "the namespace is a condition of the trust policy"

    page.get_by_role("tab", name="Used by").click()
    page.get_by_role("gridcell", name="other", exact=True).wait_for()
    assert page.get_by_role("row").count() >= 3
    screenshot(page, "iam_role_used_by")
    check_accessibility(page)
    page.reload()  # a deep link
    page.get_by_role("gridcell", name="other", exact=True).wait_for()


def test_other_trusted_entities(go, iam, screenshot, check_accessibility):
    page = go("iam/create-role", "Create role")
    page.get_by_label("Role name").fill("iam-account")
    page.get_by_role("radio", name="AWS account").check()
    page.get_by_role("radio", name="Another account").check()
    page.get_by_role("button", name="Create role").click()
    page.get_by_text("An account ID has 12 digits.").wait_for()
    page.get_by_label("Account ID").fill("444455556666")
    screenshot(page, "iam_create_role_account")
    check_accessibility(page)
    page.get_by_role("button", name="Edit it by hand").click()
    page.locator('[data-json-editor="Trust policy"] .cm-line', has_text="444455556666").wait_for()
    write(page, "Trust policy", '{"Version": "2012-10-17",\n "Statement": [{"Effect": "Alow"}]}')
    page.get_by_text(re.compile("Line 2, column")).first.wait_for()
    screenshot(page, "iam_create_role_custom")
    check_accessibility(page)
    page.get_by_role("button", name="Create role").click()
    page.get_by_text("Correct the errors in the policy first.").first.wait_for()
    page.get_by_role("radio", name="Web identity").check()
    page.get_by_role("button", name="Create role").click()
    page.get_by_text("This is required.").wait_for()
    page.get_by_role("radio", name="AWS account").check()
    page.get_by_role("button", name="Create role").click()
    page.get_by_role("heading", level=1, name="iam-account").wait_for()
    [statement] = iam.get_role(RoleName="iam-account")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::444455556666:root"}


def test_a_refused_role_says_why_beside_its_field(go, iam, screenshot):
    make_role(iam, "iam-taken")
    page = go("iam/create-role", "Create role")
    page.get_by_label("Role name").fill("iam-taken")
    page.get_by_role("button", name="Create role").click()
    page.get_by_text("Role with name iam-taken already exists.").wait_for()
    assert page.get_by_label("Role name").get_attribute("aria-invalid") == "true"
    screenshot(page, "iam_create_role_refused")
    page.get_by_label("Role name").fill("iam taken")
    page.get_by_text("Role with name iam-taken already exists.").wait_for(state="hidden")


def test_a_role_is_changed_and_deleted(server, go, iam, screenshot, check_accessibility):
    make_policy(iam, "iam-change-a")
    make_policy(iam, "iam-change-b")
    make_role(iam, "iam-change")
    page = go("iam/roles/iam-change", "iam-change")

    page.get_by_role("button", name="Attach policies").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=re.compile("^Policies")).click()
    page.get_by_role("option", name=re.compile("iam-change-a")).click()
    page.get_by_role("option", name=re.compile("iam-change-b")).click()
    screenshot(page, "iam_attach_policies")
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="Attach policies").click()
    page.get_by_text("2 policies attached.").wait_for()
    page.get_by_role("checkbox", name="Select iam-change-b").check()
    page.get_by_role("button", name="Detach").click()
    confirm(page, button="Detach")
    page.get_by_role("link", name="iam-change-b").wait_for(state="detached")

    page.get_by_role("link", name="Create inline policy").first.click()
    page.get_by_label("Policy name").fill("own")
    write(page, "Policy document", json.dumps(allow("s3:ListBucket", "*")))
    screenshot(page, "iam_create_inline_policy")
    check_accessibility(page)
    page.get_by_role("button", name="Create", exact=True).click()
    page.get_by_role("link", name="own").click()
    page.get_by_role("heading", level=1, name="own").wait_for()
    write(page, "Policy document", json.dumps(allow("s3:PutObject", "*")))
    page.get_by_role("button", name="Save changes").click()
    page.get_by_role("heading", level=1, name="iam-change").wait_for()
    document = iam.get_role_policy(RoleName="iam-change", PolicyName="own")["PolicyDocument"]
    assert document["Statement"][0]["Action"] == "s3:PutObject"

    page.get_by_role("tab", name="Trust relationships").click()
    check_accessibility(page)
    page.get_by_role("button", name="Edit trust policy").click()
    write(page, "Trust policy", json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/nobody-has-it"}, "Action": "sts:AssumeRole"}]}))
    page.get_by_role("button", name="Save changes").click()
    page.get_by_text("Invalid principal in policy").wait_for()
    screenshot(page, "iam_role_trust_refused")
    write(page, "Trust policy", json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]}))
    page.get_by_role("button", name="Save changes").click()
    page.get_by_text("The trust policy of iam-change was saved.").wait_for()
    page.get_by_text(f"Account: {ACCOUNT}").wait_for()

    page.get_by_role("tab", name="Tags").click()
    page.get_by_role("button", name="Add tag").click()
    page.get_by_role("combobox", name="Key").fill("stage")
    page.get_by_role("button", name="Save changes").click()
    page.get_by_text("The tags were saved.").wait_for()
    screenshot(page, "iam_role_tags")
    check_accessibility(page)
    assert iam.list_role_tags(RoleName="iam-change")["Tags"] == [{"Key": "stage", "Value": ""}]

    page.get_by_role("tab", name="Permissions boundary").click()
    page.get_by_role("button", name="Set boundary").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^Policy")).click()
    page.get_by_role("option", name=re.compile("iam-change-b")).click()
    page.get_by_role("dialog").get_by_role("button", name="Set boundary").click()
    page.get_by_text("iam-change-b is the permissions boundary now.").wait_for()
    screenshot(page, "iam_role_boundary")
    check_accessibility(page)

    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_label("Description").fill("Changed")
    page.get_by_role("dialog").get_by_role("button", name="Save changes").click()
    page.get_by_text("Role iam-change was saved.").wait_for()
    page.get_by_text("Changed", exact=True).wait_for()

    page.get_by_role("button", name="Delete", exact=True).first.click()
    page.get_by_text("These inline policies are deleted:").wait_for()
    screenshot(page, "iam_delete_role")
    check_accessibility(page)
    confirm(page, "iam-change")
    page.get_by_text("Role iam-change was deleted.").wait_for()
    page.get_by_role("heading", level=1, name="Roles").wait_for()
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName="iam-change")


def test_the_list_of_roles(go, iam, screenshot, check_accessibility):
    make_role(iam, "iam-list-one", Tags=[{"Key": "team", "Value": "list"}])
    make_role(iam, "iam-list-two", Path="/list/")
    page = go("iam/roles", "Roles")
    page.get_by_label("Find roles").fill("iam-list")
    page.get_by_text("2 matches").first.wait_for()
    page.get_by_role("button", name="Preferences").click()
    page.get_by_role("checkbox", name="Tags").check()
    page.get_by_role("button", name="Confirm").click()
    page.get_by_text("team=list").wait_for()
    screenshot(page, "iam_roles")
    check_accessibility(page)
    page.get_by_label("Find roles").fill("team=list")
    page.get_by_text("1 match", exact=True).first.wait_for()


# --- policies


def test_a_policy_is_written_with_help(go, iam, screenshot, check_accessibility):
    page = go("iam/create-policy", "Create policy")
    page.get_by_label("Policy name").fill("iam-written")
    write(page, "Policy document", '{\n  "Version": "2012-10-17",\n  "Statement": [{\n    "Effect": "Alow",\n    "Action": "s3:GetObject",\n    "Resource": "*"\n  }]\n}')
    page.get_by_text(re.compile("Line 4, column")).first.wait_for()
    screenshot(page, "iam_create_policy_error")
    check_accessibility(page)
    page.get_by_role("button", name="Create policy").click()
    page.get_by_text("Correct the errors in the policy first.").first.wait_for()
    write(page, "Policy document", '{\n  "Version": "2012-10-17",\n  "Statement": [{\n    "Effect": "Allow",\n    "Resource": "*",\n    "Action": ')
    page.keyboard.type('"s3:GetObje')
    completion = page.locator(".cm-tooltip-autocomplete li", has_text=re.compile("^s3:GetObject$"))
    completion.wait_for()
    screenshot(page, "iam_create_policy_completion")
    completion.click()
    page.keyboard.press("ArrowRight")  # past the quotation mark, which the editor has closed
    page.keyboard.insert_text("\n  }]\n}")
    page.get_by_text(re.compile(r"Line \d+, column")).wait_for(state="detached")
    page.get_by_role("button", name="Create policy").click()
    page.get_by_role("heading", level=1, name="iam-written").wait_for()
    version = iam.get_policy_version(PolicyArn=policy_arn("iam-written"), VersionId="v1")["PolicyVersion"]
    assert version["Document"]["Statement"][0]["Action"] == "s3:GetObject"
    screenshot(page, "iam_policy")
    check_accessibility(page)
    page.reload()
    page.get_by_role("heading", level=1, name="iam-written").wait_for()

    go("iam/create-policy", "Create policy")
    page.get_by_label("Policy name").fill("iam-written")
    page.get_by_role("button", name="Create policy").click()
    page.get_by_text("A policy called iam-written already exists.").wait_for()


def test_a_policy_has_five_versions_at_most(go, iam, screenshot, check_accessibility):
    make_policy(iam, "iam-versions", *[allow("s3:GetObject", f"arn:aws:s3:::b{n}/*") for n in range(5)])
    page = go(policy_path("iam-versions", "edit"), "Edit policy iam-versions")
    page.locator('[data-json-editor="Policy document"] .cm-line', has_text="arn:aws:s3:::b4/*").wait_for()
    page.get_by_text("There are 5 versions").wait_for()
    write(page, "Policy document", json.dumps(allow("s3:GetObject", "arn:aws:s3:::b5/*")))
    screenshot(page, "iam_edit_policy")
    check_accessibility(page)
    page.get_by_role("button", name="Save changes").click()
    page.get_by_text("Version v6 of iam-versions was created.").wait_for()

    page.get_by_role("tab", name="Versions").click()
    page.get_by_role("button", name="v3", exact=True).click()
    page.get_by_role("heading", name="Version v3").wait_for()
    screenshot(page, "iam_policy_versions")
    check_accessibility(page)
    page.get_by_role("radio", name="Select v3").check()
    page.get_by_role("button", name="Set as default").click()
    page.get_by_text("v3 is the default version now.").wait_for()
    page.get_by_role("radio", name="Select v2").check()
    page.get_by_role("button", name="Delete", exact=True).last.click()
    confirm(page)
    page.get_by_text("Version v2 was deleted.").wait_for()
    versions = iam.list_policy_versions(PolicyArn=policy_arn("iam-versions"))["Versions"]
    assert {each["VersionId"]: each["IsDefaultVersion"] for each in versions} == {"v6": False, "v5": False, "v4": False, "v3": True}


def test_a_policy_is_deleted_unless_it_is_a_boundary(go, iam, screenshot, check_accessibility):
    make_policy(iam, "iam-gone", *[allow("s3:GetObject", "*")] * 2)
    make_role(iam, "iam-gone-attached")
    iam.attach_role_policy(RoleName="iam-gone-attached", PolicyArn=policy_arn("iam-gone"))
    make_role(iam, "iam-gone-bound", PermissionsBoundary=policy_arn("iam-gone"))
    page = go(policy_path("iam-gone", "attached"), "iam-gone")
    page.get_by_role("link", name="iam-gone-bound").wait_for()
    screenshot(page, "iam_policy_attached")
    check_accessibility(page)
    page.get_by_role("button", name="Delete", exact=True).first.click()
    page.get_by_text("role iam-gone-bound").wait_for()
    confirm(page, "iam-gone")
    page.get_by_text("Remove it there first").wait_for()
    screenshot(page, "iam_delete_policy_refused")
    assert iam.list_attached_role_policies(RoleName="iam-gone-attached")["AttachedPolicies"]
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()

    iam.delete_role_permissions_boundary(RoleName="iam-gone-bound")
    go("iam/policies", "Policies")
    page.get_by_label("Find policies").fill("iam-gone")
    page.get_by_role("radio", name="Select iam-gone").check()
    screenshot(page, "iam_policies")
    check_accessibility(page)
    page.get_by_role("button", name="Delete", exact=True).click()
    confirm(page, "iam-gone")
    page.get_by_text("Policy iam-gone was deleted.").wait_for()
    assert not iam.list_attached_role_policies(RoleName="iam-gone-attached")["AttachedPolicies"]


# --- users


def test_a_user_and_its_access_keys(server, go, iam, screenshot, check_accessibility):
    make_policy(iam, "iam-user-policy", allow("iam:ListUsers", "*"))
    page = go("iam/create-user", "Create user")
    page.get_by_label("User name").fill("iam-ann")
    page.get_by_role("button", name=re.compile("^Policies to attach")).click()
    page.get_by_role("option", name=re.compile("iam-user-policy")).click()
    page.keyboard.press("Escape")
    screenshot(page, "iam_create_user")
    check_accessibility(page)
    page.get_by_role("button", name="Create user").click()
    page.get_by_role("heading", level=1, name="iam-ann").wait_for()
    check_accessibility(page)

    page.get_by_role("tab", name="Access keys").click()
    page.get_by_role("button", name="Create access key").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Create access key").click()
    page.get_by_text("This is the only time that the secret is shown.").wait_for()
    page.get_by_role("button", name="Copy secret access key").click()
    page.get_by_text("Copied").first.wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied not in page.content(), "it is covered until one asks"
    screenshot(page, "iam_access_key")
    check_accessibility(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download .csv file").click()
    header, line = pathlib.Path(download.value.path()).read_text().splitlines()
    key_id, secret = line.split(",")
    assert (header, secret) == ("Access key ID,Secret access key", copied)
    assert download.value.suggested_filename == f"{key_id}.csv"
    page.get_by_role("button", name="Show").click()
    page.get_by_text(secret).wait_for()
    page.get_by_role("button", name="Done").click()
    page.get_by_text(secret).wait_for(state="detached")
    assert secret not in page.content()
    assert secret not in page.evaluate("JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + JSON.stringify(history.state)")
    assert server.client("iam", Keys(key_id, secret)).list_users()["Users"]

    page.get_by_role("radio", name=f"Select {key_id}").check()
    page.get_by_role("button", name="Deactivate").click()
    page.get_by_text(f"{key_id} is inactive now.").wait_for()
    assert iam.list_access_keys(UserName="iam-ann")["AccessKeyMetadata"][0]["Status"] == "Inactive"
    iam.create_access_key(UserName="iam-ann")
    page.get_by_role("button", name="Reload").click()
    page.get_by_text("(1/2)").wait_for()
    assert page.get_by_role("button", name="Create access key").get_attribute("aria-disabled") == "true"
    screenshot(page, "iam_access_keys")
    check_accessibility(page)
    page.get_by_role("button", name="Delete", exact=True).last.click()
    confirm(page, key_id)
    page.get_by_text(f"{key_id} was deleted.").wait_for()

    go("iam/users", "Users")
    page.get_by_role("radio", name="Select iam-ann").check()
    screenshot(page, "iam_users")
    check_accessibility(page)
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_text("These access keys are deleted:").wait_for()
    confirm(page, "iam-ann")
    page.get_by_text("User iam-ann was deleted.").wait_for()
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_user(UserName="iam-ann")


# --- who may not


def test_what_one_may_not_do_is_refused_in_awss_words(server, page, iam, screenshot):
    iam.create_user(UserName="iam-reader")
    iam.put_user_policy(UserName="iam-reader", PolicyName="p", PolicyDocument=json.dumps(allow(["iam:GetRole", "podpass:CreateConsoleSignIn"], "*")))
    keys = Keys.of(iam.create_access_key(UserName="iam-reader")["AccessKey"])
    make_role(iam, "iam-seen")
    who = f"User: arn:aws:iam::{ACCOUNT}:user/iam-reader is not authorized to perform: "
    page.goto(server.console_link(keys))
    page.get_by_role("heading", level=1).first.wait_for()
    page.goto(server.endpoint + "/console/iam/roles")
    page.get_by_text(who + "iam:ListRoles").wait_for()
    page.get_by_role("button", name="Retry").wait_for()
    screenshot(page, "iam_roles_denied")
    page.goto(server.endpoint + "/console/iam/roles/iam-seen")
    page.get_by_text(who + "iam:ListAttachedRolePolicies").wait_for()
    page.get_by_text(who + "iam:ListRolePolicies").wait_for()
    page.get_by_role("button", name="Delete", exact=True).first.click()
    confirm(page, "iam-seen")
    page.get_by_role("dialog").get_by_text(who).wait_for()


# --- as people have it


@pytest.mark.parametrize("name, options", [("dark", {"color_scheme": "dark"}), ("narrow", {"viewport": {"width": 400, "height": 900}})])
def test_dark_and_narrow(server, browser, iam, screenshot, check_accessibility, name, options):
    make_policy(iam, f"iam-{name}")
    make_role(iam, f"iam-{name}")
    iam.attach_role_policy(RoleName=f"iam-{name}", PolicyArn=policy_arn(f"iam-{name}"))
    iam.create_user(UserName=f"iam-{name}")
    context = browser.new_context(**options)
    page = context.new_page()
    page.goto(server.console_link())
    page.get_by_role("heading", level=1, name="Clusters").wait_for()
    for shot, path in {
        "roles": "iam/roles",
        "create_role": "iam/create-role",
        "role": f"iam/roles/iam-{name}",
        "trust": f"iam/roles/iam-{name}/trust",
        "policies": "iam/policies",
        "create_policy": "iam/create-policy",
        "versions": policy_path(f"iam-{name}", "versions"),
        "users": "iam/users",
        "keys": f"iam/users/iam-{name}/access-keys",
    }.items():
        page.goto(f"{server.endpoint}/console/{path}")
        page.get_by_role("heading", level=1).wait_for()
        page.wait_for_load_state("networkidle")
        screenshot(page, f"iam_{shot}_{name}")
        check_accessibility(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{path} is wider than the window"
    context.close()
