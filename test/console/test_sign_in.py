"""Signing in and out, and what a session is worth."""

import json

import pytest


def sign_in(page, server, access_key):
    page.goto(server.endpoint + "/console/")
    page.get_by_label("Access key ID").fill(access_key.key_id)
    page.get_by_label("Secret access key").fill(access_key.secret_key)
    page.get_by_role("button", name="Sign in").click()


def test_the_link_of_up_signs_in_once_and_leaves_no_trace(server, page, watched):
    link = server.console_link()
    page.goto(link)
    page.get_by_role("heading", name="Clusters", level=1).wait_for()
    assert "sign-in=" not in page.url
    page.go_back()
    assert "sign-in=" not in page.url
    other = watched.page()
    watched.context.clear_cookies()
    other.goto(link)
    other.get_by_text("This sign-in link is used or too old").wait_for()
    assert "sign-in=" not in other.url
