"""The user guide's way through the console: from an empty system to a pod that reads its object, and what is refused on it."""

import json
import re

import pytest

from podpass_server import BIN, CLUSTER, Podpass, allow
from conftest import Watched

BUCKET = "my-pod-secrets-bucket"


def write(page, label, document):
    """Replaces what an editor has, as a person with a keyboard does."""
    page.locator(f'[data-json-editor="{label}"] .cm-content').click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(json.dumps(document, indent=2))


def open_form(page, endpoint, cluster=CLUSTER):
    page.goto(f"{endpoint}/console/clusters/{cluster}/access")
    page.get_by_role("link", name="Create", exact=True).or_(page.get_by_role("button", name="Create", exact=True)).first.click()
    page.get_by_role("heading", level=1, name="Create Pod Identity association").wait_for()


def pick_role(page, name):
    page.get_by_role("button", name=re.compile("^IAM role")).click()
    page.get_by_role("option", name=re.compile(f"^{name}")).click()


def fill(page, namespace, service_account):
    page.get_by_label("Kubernetes namespace").fill(namespace)
    page.keyboard.press("Escape")
    page.get_by_label("Kubernetes service account").fill(service_account)
    page.keyboard.press("Escape")


def create(page):
    page.get_by_role("button", name="Create", exact=True).click()


def test_from_an_empty_system_to_a_pod_that_reads_its_object(browser, tmp_path, screenshot, check_accessibility):
    podpass = Podpass(tmp_path).start()
    watched = Watched(browser, podpass.endpoint)
    try:
        page = watched.page()
        page.goto(podpass.ready["console"])
        page.get_by_role("link", name=CLUSTER).wait_for()
        screenshot(page, "clusters")
        check_accessibility(page)

        # A policy that permits reading the bucket.
        page.get_by_role("link", name="Policies").click()
        page.get_by_role("heading", level=1, name="Policies").wait_for()
        page.get_by_role("button", name="Create policy").or_(page.get_by_role("link", name="Create policy")).first.click()
        page.get_by_role("heading", level=1, name="Create policy").wait_for()
        page.get_by_label("Policy name").fill("my-policy")
        write(page, "Policy document", allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*"))
        page.get_by_role("button", name="Create policy").click()
        page.get_by_role("heading", level=1, name="my-policy").wait_for()

        # A role with it, whose template trusts pod identity.
        page.goto(podpass.endpoint + "/console/iam/create-role")
        page.get_by_label("Role name").fill("my-role")
        page.get_by_role("button", name=re.compile("^Policies to attach")).click()
        page.get_by_role("option", name=re.compile("my-policy")).click()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Create role").click()
        page.get_by_role("heading", level=1, name="my-role").wait_for()

        # Access > Pod Identity associations > Create.
        page.goto(f"{podpass.endpoint}/console/clusters/{CLUSTER}/access")
        page.get_by_text("No Pod Identity associations").wait_for()
        screenshot(page, "associations_empty")
        check_accessibility(page)
        open_form(page, podpass.endpoint)
        fill(page, "default", "my-service-account")
        pick_role(page, "my-role")
        screenshot(page, "association_create")
        check_accessibility(page)
        create(page)
        page.get_by_text("The association for default/my-service-account was created.").first.wait_for()
        page.goto(f"{podpass.endpoint}/console/clusters/{CLUSTER}/access")
        page.get_by_role("link", name="my-role").wait_for()
        screenshot(page, "associations")
        check_accessibility(page)

        # The pod reads its object, and may not delete it.
        s3 = podpass.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        s3.put_object(Bucket=BUCKET, Key="greeting.txt", Body=b"hello\n")
        read = podpass.exec("default", "my-service-account", BIN / "aws", "s3", "cp", f"s3://{BUCKET}/greeting.txt", "-")
        assert read.stdout == "hello\n"
        refused = podpass.exec("default", "my-service-account", BIN / "aws", "s3", "rm", f"s3://{BUCKET}/greeting.txt", check=False)
        assert refused.returncode != 0 and "not authorized to perform: s3:DeleteObject" in refused.stderr

        # Its page tells of the exchange.
        page.get_by_role("link", name="my-service-account").click()
        page.get_by_role("heading", level=1).wait_for()
        page.get_by_text("Last used").first.wait_for()
        screenshot(page, "association")
        check_accessibility(page)
        page.reload()
        page.get_by_text("Last used").first.wait_for()
    finally:
        watched.close()
        assert podpass.stop() == 0, podpass.log_text()


def test_a_role_that_does_not_trust_pods_is_missing_says_why_and_is_mended(server, signed_in_page, world, screenshot, check_accessibility):
    page = signed_in_page
    arn = world.role(trust={"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
    name = arn.split("/")[-1]
    open_form(page, server.endpoint)
    page.get_by_role("button", name=re.compile("^IAM role")).click()
    assert page.get_by_role("option", name=re.compile(f"^{name}")).count() == 0
    page.keyboard.press("Escape")
    page.get_by_text("Why is my role missing?").first.click()
    page.get_by_placeholder("Find").or_(page.get_by_role("searchbox")).last.fill(name)
    page.get_by_text(re.compile("sts:AssumeRole")).first.wait_for()
    screenshot(page, "association_missing_role")
    check_accessibility(page)
    page.get_by_role("button", name=re.compile("^Replace|^Apply")).first.click()
    page.get_by_text(re.compile(name + ".*trust|trust.*" + name)).first.wait_for()
    fill(page, world.name, "mended")
    create(page)
    page.get_by_text(f"The association for {world.name}/mended was created.").first.wait_for()
    assert server.pod_keys(world.name, "mended").token


def test_a_second_association_of_a_service_account_is_refused_beside_its_field(server, signed_in_page, world):
    arn = world.role()
    world.associate(arn, "taken")
    open_form(signed_in_page, server.endpoint)
    fill(signed_in_page, world.name, "taken")
    pick_role(signed_in_page, arn.split("/")[-1])
    create(signed_in_page)
    signed_in_page.get_by_text("Association already exists").first.wait_for()
    assert len(world.eks.list_pod_identity_associations(clusterName=CLUSTER, namespace=world.name)["associations"]) == 1


def test_bad_names_are_told_before_anything_is_sent(server, signed_in_page, world):
    open_form(signed_in_page, server.endpoint)
    fill(signed_in_page, "Not_A_Name", "-x")
    create(signed_in_page)
    signed_in_page.get_by_text("Use 1 to 63 lower-case letters").first.wait_for()
    signed_in_page.get_by_text("Use 1 to 253 lower-case letters").first.wait_for()


@pytest.mark.parametrize("permission", ["eks:CreatePodIdentityAssociation", "iam:PassRole"])
def test_without_permission_the_apis_own_sentence_is_shown(server, page, world, permission):
    arn = world.role()
    keys, user = world.user({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": permission, "Resource": "*"}]})
    page.goto(server.console_link(keys))
    page.get_by_role("heading", level=1, name="Clusters").wait_for()
    open_form(page, server.endpoint)
    fill(page, world.name, "sa")
    pick_role(page, arn.split("/")[-1])
    create(page)
    page.get_by_text(re.compile(f"{re.escape(user)} is not authorized to perform: {permission} on resource: .* with an explicit deny")).first.wait_for()
    assert not world.eks.list_pod_identity_associations(clusterName=CLUSTER, namespace=world.name)["associations"]


def test_edit_and_delete(server, signed_in_page, world, screenshot, check_accessibility):
    page = signed_in_page
    world.associate(world.role(), "sa", tags={"team": "a"})
    other = world.role().split("/")[-1]
    page.goto(f"{server.endpoint}/console/clusters/{CLUSTER}/access")
    page.get_by_placeholder("Find associations").fill(world.name)
    page.get_by_role("link", name="sa", exact=True).click()
    page.get_by_role("link", name="Edit").or_(page.get_by_role("button", name="Edit")).first.click()
    pick_role(page, other)
    screenshot(page, "association_edit")
    check_accessibility(page)
    page.get_by_role("button", name="Save changes").click()
    page.get_by_text(f"The association for {world.name}/sa was saved.").first.wait_for()
    [found] = world.eks.list_pod_identity_associations(clusterName=CLUSTER, namespace=world.name)["associations"]
    shown = world.eks.describe_pod_identity_association(clusterName=CLUSTER, associationId=found["associationId"])["association"]
    assert shown["roleArn"].endswith(other) and shown["tags"] == {"team": "a"}
    page.get_by_role("button", name="Delete").first.click()
    dialog = page.get_by_role("dialog")
    screenshot(page, "association_delete")
    check_accessibility(page)
    if dialog.get_by_role("textbox").count():
        dialog.get_by_role("textbox").fill(dialog.get_by_role("textbox").get_attribute("placeholder") or found["associationId"])
    dialog.get_by_role("button", name="Delete").click()
    page.get_by_text(f"The association for {world.name}/sa was deleted.").first.wait_for()
    assert not world.eks.list_pod_identity_associations(clusterName=CLUSTER, namespace=world.name)["associations"]


@pytest.mark.parametrize("tab", ["overview", "access", "add-ons", "tags"])
def test_every_tab_of_a_cluster(server, signed_in_page, tab, screenshot, check_accessibility):
    page = signed_in_page
    page.goto(f"{server.endpoint}/console/clusters/{CLUSTER}/{tab}")
    page.get_by_role("heading", level=1, name=CLUSTER).wait_for()
    page.get_by_role("tab", selected=True).wait_for()
    page.wait_for_load_state("networkidle")
    screenshot(page, f"cluster_{tab}")
    check_accessibility(page)


@pytest.mark.parametrize("scheme, width", [("dark", 1280), ("light", 400), ("dark", 400)])
def test_dark_and_narrow(browser, server, scheme, width, screenshot, check_accessibility):
    watched = Watched(browser, server.endpoint, color_scheme=scheme)
    page = watched.page()
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(server.console_link())
    page.get_by_role("heading", level=1, name="Clusters").wait_for()
    for path, heading in ((f"clusters/{CLUSTER}/access", CLUSTER),
                          (f"clusters/{CLUSTER}/access/create-association", "Create Pod Identity association")):
        page.goto(f"{server.endpoint}/console/{path}")
        page.get_by_role("heading", level=1, name=heading).wait_for()
        page.wait_for_load_state("networkidle")
        screenshot(page, f"{path.split('/')[-1]}_{scheme}_{width}")
        check_accessibility(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page itself must not scroll sideways"
    watched.close()
