"""How long the page takes to settle after a slider has moved, in a real Chromium, over the whole catalogue."""

from __future__ import annotations

import shutil
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.sync_api import Page, sync_playwright

from tests.web.serving import page

SPEEDS = (30, 35, 40, 45, 50, 55, 60, 65, 70, 80, 90, 100, 110, 120, 25, 20)
MOVE = """([name, value]) => { delete document.body.dataset.settled; const e = document.getElementById(name);
  e.value = value; e.dispatchEvent(new Event('input', {bubbles: true})); }"""


def settled(tab: Page, name: str, value: float) -> float:
    """Milliseconds from a move to the charts at rest."""
    tab.evaluate(MOVE, [name, value])
    tab.wait_for_selector("body[data-settled]", timeout=60_000)
    return float(tab.evaluate("document.body.dataset.settled"))


if __name__ == "__main__":
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("no Chromium on this machine")
    with page() as address, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1440, "height": 1000})
        tab.goto(address)
        tab.wait_for_selector("body[data-rested]", timeout=120_000)
        settled(tab, "speed", 33)  # the first move works out what later ones share
        times = [settled(tab, "speed", speed) for speed in SPEEDS]
        loads = [settled(tab, "load", load) for load in (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)]
        browser.close()
    for name, found in (("speed", times), ("load", loads)):
        print(
            f"moving the {name} slider {len(found)} times: "
            f"median {statistics.median(found):.0f} ms, most {max(found):.0f} ms"
        )
