"""Photograph the page for the documentation: docs/images/page.png."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402

from tests.web.serving import page  # noqa: E402

ASKED = "model=llama-3.3-70b&input=1000&output=500&speed=50&rate=20"

if __name__ == "__main__":
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("no Chromium on this machine")
    with page() as address, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 2000, "height": 1300}, color_scheme="light")
        tab.goto(f"{address}/?{ASKED}")
        tab.wait_for_selector("body[data-rested]", timeout=120_000)
        tab.screenshot(path=ROOT / "docs" / "images" / "page.png")
        browser.close()
