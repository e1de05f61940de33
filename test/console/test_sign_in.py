"""Signing in and out, what a session is worth, and what other sites' pages can do."""

import urllib.request


def heading(page, name):
    page.get_by_role("heading", level=1, name=name).wait_for()


def sign_in(page, endpoint, keys, path="/console/"):
    page.goto(endpoint + path)
    page.get_by_label("Access key ID").fill(keys.access_key)
    page.get_by_label("Secret access key").fill(keys.secret_key)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_the_link_that_up_prints_signs_in(server, page):
    page.goto(server.ready["console"])
    heading(page, "Clusters")
    assert "root" in page.get_by_role("banner").inner_text() or page.get_by_text("root").count()


def test_a_link_is_good_once_and_leaves_no_trace(server, page, watched):
    link = server.console_link()
    page.goto(server.endpoint + "/console/")
    page.get_by_label("Access key ID").wait_for()
    page.goto(link)  # differs behind the '#' only: no page is loaded
    heading(page, "Clusters")
    assert "sign-in=" not in page.url
    watched.context.clear_cookies()
    page.go_back()
    page.reload()
    assert "sign-in=" not in page.url
    other = watched.page()
    other.goto(link)
    other.get_by_text("This sign-in link is used or too old.").wait_for()
    assert "sign-in=" not in other.url


def test_an_access_key_signs_in_and_comes_back_to_the_page_asked_for(server, page, check_accessibility, screenshot):
    page.goto(server.endpoint + "/console/iam/roles")
    page.get_by_label("Access key ID").wait_for()
    check_accessibility(page)
    screenshot(page, "sign_in")
    sign_in(page, server.endpoint, server.root_keys(), "/console/iam/roles")
    heading(page, "Roles")
    page.reload()
    heading(page, "Roles")


def test_a_wrong_secret_is_refused(server, page):
    keys = server.root_keys()
    sign_in(page, server.endpoint, type(keys)(keys.access_key, "wrong"))
    page.get_by_text("The access key, its secret or its session token is wrong.").wait_for()
    page.get_by_label("Secret access key").fill("")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_text("This is required.").wait_for()


def test_signing_out_ends_the_session(server, signed_in_page, watched):
    cookies = watched.context.cookies(server.endpoint + "/console/api/session")
    assert [(each["httpOnly"], each["sameSite"], each["path"]) for each in cookies] == [(True, "Strict", "/console/api")]
    page = signed_in_page
    page.get_by_role("button", name="root").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.get_by_label("Access key ID").wait_for()
    watched.context.add_cookies(cookies)
    page.reload()
    page.get_by_label("Access key ID").wait_for()


def test_a_session_ends_with_its_key(server, page, world):
    keys, arn = world.user({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    page.goto(server.console_link(keys))
    heading(page, "Clusters")
    page.wait_for_load_state("networkidle")
    world.iam.delete_access_key(UserName=arn.split("/")[-1], AccessKeyId=keys.access_key)
    page.get_by_role("link", name="Roles").click()
    page.get_by_text("Your session has ended.").wait_for()


def test_a_page_of_another_site_can_do_nothing(server, signed_in_page, watched):
    """A form and a fetch from another origin, in the browser that is signed in."""
    before = server.client("iam").list_users()["Users"]
    other = watched.context.new_page()
    other.goto(server.agent.split("/v1")[0] + "/healthz")  # another origin: its port differs
    done = other.evaluate("""async (endpoint) => {
        const url = endpoint + '/console/api/iam/CreateUser';
        const body = JSON.stringify({UserName: 'from-elsewhere'});
        const outcomes = [];
        for (const options of [{mode: 'no-cors'}, {headers: {'Content-Type': 'application/json'}}]) {
            try {
                await fetch(url, {method: 'POST', credentials: 'include', body, ...options});
                outcomes.push('sent');
            } catch { outcomes.push('refused'); }
        }
        return outcomes;
    }""", server.endpoint)
    assert done[1] == "refused", done  # the preflight is not answered
    assert server.client("iam").list_users()["Users"] == before


def test_a_page_in_a_bucket_can_do_nothing(server, signed_in_page, watched, world):
    """An object that is a page comes from the console's own host and port: it must not be taken for one of its pages."""
    bucket = world.bucket()
    world.s3.put_object(Bucket=bucket, Key="page.html", ContentType="text/html", Body=b"""<title>waiting</title><script>
        fetch('/console/api/session', {credentials: 'include'}).then((answer) => answer.text())
            .then((text) => { document.title = 'got ' + text; }, () => { document.title = 'refused'; });
        </script>""")
    link = server.client("s3", signature_version="s3v4").generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "page.html"})
    other = watched.context.new_page()
    answer = other.goto(link)
    assert answer.status == 200, answer.text()
    other.wait_for_function("document.title && document.title !== 'waiting'")
    assert other.title() == "refused"
    assert other.evaluate("window.origin") == "null"


def test_security_headers(server):
    for path in ("/console/", "/console/clusters/x/access", "/console/api/session"):
        try:
            answer = urllib.request.urlopen(server.endpoint + path)
        except urllib.error.HTTPError as error:
            answer = error
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy, path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
        assert answer.headers["Referrer-Policy"] == "no-referrer", path
