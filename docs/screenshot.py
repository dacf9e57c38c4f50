"""Draws docs/rules.png: the rules of a workflow as Neo4j Browser shows them, in headless Chromium.

Starts servers of its own. Chromium is looked for on the path, or named by CHROMIUM.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from importlib import resources
from pathlib import Path

from playwright.async_api import Page, async_playwright

from graph.queries import query
from stategate.servers.environment import Addresses, open_environment
from stategate.service import open_engine
from stategate.settings import load_settings

PICTURE = Path(__file__).with_name("rules.png")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


async def main() -> None:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        sys.exit("Chromium was not found; install it, or name it: CHROMIUM=/path/to/chromium make screenshot")
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data_dir=Path(folder), neo4j_uri=None, nats_url=None, valkey_url=None)
        async with open_environment(settings) as servers, open_engine(servers), async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
            page = await browser.new_page(viewport={"width": 1600, "height": 1100})
            await _connect(page, servers)
            await _draw(page)
            await page.screenshot(path=PICTURE)
            await browser.close()
    print(f"{PICTURE} is drawn.")


async def _connect(page: Page, servers: Addresses) -> None:
    await page.goto(f"{servers.browser}?dbms={servers.neo4j_uri}")
    await page.get_by_test_id("username").fill(servers.neo4j_user)
    await page.get_by_test_id("password").fill(servers.neo4j_password)
    await page.get_by_test_id("connect").click()
    await page.get_by_test_id("user-details-username").or_(page.get_by_text("You are connected")).first.wait_for()


async def _run(page: Page, line: str) -> None:
    await page.get_by_test_id("activeEditor").click()
    await page.keyboard.insert_text(line)
    await page.keyboard.press("Control+Enter")


async def _draw(page: Page) -> None:
    style = resources.files("cypher").joinpath("browser", "style.grass").read_text("utf-8")
    await _run(page, f":style {' '.join(style.split())}")
    statement = query("browser/rules").split("\n", 2)[2].replace("\n", " ")
    await _run(page, statement)
    await page.locator("svg .node").first.wait_for(timeout=60_000)
    await page.get_by_test_id("frame").first.get_by_title("Fullscreen").click()
    await page.get_by_title("Collapse the node properties display").click()
    # The layout comes to rest, then the whole of it is brought into view.
    await page.wait_for_timeout(8_000)
    await page.get_by_label("zoom-to-fit").click()
    await page.wait_for_timeout(3_000)


if __name__ == "__main__":
    asyncio.run(main())
