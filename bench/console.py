#!/usr/bin/env python3
"""The console's size and how soon a browser paints it, from `podpass up` in Debian's Chromium.

    build/venv/bin/python bench/console.py [--runs 5]

Prints the gzipped bytes of all files, those that the first page asks for, and first contentful paint with an empty cache
and with a full one, each run in a browser context of its own. `scripts/setup test` installs what it needs.
"""
import argparse
import pathlib
import statistics
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "test" / "console"), str(ROOT / "test" / "end_to_end")]

from conftest import CHROMIUM_FLAGS  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
from podpass_server import Podpass  # noqa: E402

PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


def paint(page, url):
    page.goto(url)
    page.get_by_role("heading", level=1).wait_for()
    return page.evaluate(PAINT)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    files = list((ROOT / "build" / "console" / "gzipped").iterdir())
    print(f"all files, gzipped: {sum(each.stat().st_size for each in files) / 1000:.0f} KB in {len(files)}")
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        podpass = Podpass(directory).start()
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM_FLAGS)
        empty, full, sent = [], [], 0
        for _ in range(runs):
            context = browser.new_context()
            page = context.new_page()
            sizes = []
            page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
            empty.append(paint(page, podpass.console_link()))
            sent = sum(sizes)
            full.append(paint(page, podpass.endpoint + "/console/"))
            context.close()
        print(f"asked for by the first page: {sent / 1000:.0f} KB")
        print(f"first contentful paint, empty cache: {statistics.median(empty):.0f} ms (of {runs}: {min(empty):.0f} to {max(empty):.0f})")
        print(f"first contentful paint, full cache:  {statistics.median(full):.0f} ms (of {runs}: {min(full):.0f} to {max(full):.0f})")
        browser.close()
        podpass.stop()


if __name__ == "__main__":
    main()
