"""What docs/ says of messages, files and commands is there."""

import re

import pytest
from manifests import ROOT, podpass, run

PAGES = ["install", "migrate", "troubleshooting", "threats"]


def page(name):
    return (ROOT / f"docs/{name}.md").read_text()


def program_text():
    """All of the program's source, with adjacent literals as one and without escapes, as a reader sees a message."""
    text = "\n".join(path.read_text() for path in sorted((ROOT / "src").rglob("*.cc")) if not path.name.endswith("_test.cc"))
    return re.sub(r'"\s*\n\s*"', "", text).replace('\\"', '"')


def messages():
    """Of the tables of our own messages: the first cell's code, cut where something is filled in."""
    ours = page("troubleshooting").split("## The agent's answers")[1]
    for row in re.findall(r"^\| (.*?) \|", ours, re.MULTILINE):
        for message in re.findall(r"`(.+?)`", row):
            if row.startswith("`") and not message.startswith(("/", "x509", "failed calling")):
                yield message


def test_there_are_messages():
    assert len(list(messages())) > 30


@pytest.mark.parametrize("message", messages())
def test_a_message_is_one_that_the_program_says(message):
    text = program_text()
    parts = [part.strip(" :.,[]") for part in message.split("...")]
    assert any(len(part) > 10 for part in parts), "nothing of the message is told"
    for part in parts:
        assert part in text, f"no source says '{part}'"


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    for label, target in re.findall(r"\[([^\]]+)\]\(([^)]+)\)", page(name)):
        file, _, anchor = target.partition("#")
        path = (ROOT / "docs" / file).resolve() if file else ROOT / f"docs/{name}.md"
        assert path.exists(), f"{label}: {target}"
        if anchor:
            headings = [re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in path.read_text().split("\n") if line.startswith("#")]
            assert anchor in headings, f"{label}: {target}"


@pytest.mark.parametrize("name", PAGES)
def test_commands_have_the_flags_that_a_page_gives_them(name):
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", page(name), re.DOTALL)).replace("\\\n", " ")
    inline = "\n".join(re.findall(r"`(podpass [^`]+)`", page(name).replace("\n", " ")))
    found = 0
    for line in f"{blocks}\n{inline}".split("\n"):
        words = re.search(r"(?:^|-- |\s)podpass ((?:[a-z]+ ?)+)(.*?)(?:\s#.*|\)\"?)?$", line)
        if not words:
            continue
        command = command_of(words.group(1).split())
        told = run(podpass(), *command, "--help")
        assert told.returncode == 0, f"{line}: {told.stderr}"
        for flag in re.findall(r"--[a-z][a-z-]+", words.group(2)):
            assert re.search(rf"{flag}(?![\w-])", told.stdout), f"podpass {' '.join(command)} has no {flag}: {line}"
        found += 1
    assert found or name == "threats"


def command_of(words):
    """Of `cluster register my` the words that are commands."""
    command = []
    for word in words:
        if run(podpass(), *command, word, "--help").returncode != 0:
            break
        command.append(word)
    assert command, f"podpass {' '.join(words)} is no command"
    return command
