"""How long the page takes to settle after a slider has moved, in a real Chromium, over the whole catalogue."""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.sync_api import Page, sync_playwright

from tests.web.serving import page

MOVES = {  # in the units of the sliders; the load's is a power of ten
    "speed": (30, 35, 40, 45, 50, 55, 60, 65, 70, 80, 90, 100, 110, 120, 25, 20, 50),
    "load": (0.0, 0.3, 0.6, 0.9, 1.2, 1.5, 1.8, 2.1, 2.4, 2.7, 1.3),
    "input": (1100, 1200, 1400, 1600, 1800, 2000, 2400, 2800, 3200, 4000, 6000, 8000, 1000),
    "output": (520, 550, 600, 650, 700, 800, 900, 1000, 1200, 400, 300, 200, 500),
    "cached": (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.0),
}
PAUSES = (1500, 2500, 3500, 900, 600)  # input tokens, each after the whole answer to the one before
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
        found: dict[str, list[float]] = {}
        for name, moves in MOVES.items():
            settled(tab, name, moves[-1])  # what a first move works out is not what is measured
            found[name] = [settled(tab, name, value) for value in moves]
        whole: list[float] = []
        for value in PAUSES:
            tab.evaluate("delete document.body.dataset.rested")
            found.setdefault("input after a pause", []).append(settled(tab, "input", value))
            began = time.perf_counter()
            tab.wait_for_selector("body[data-rested]", timeout=60_000)
            whole.append(1e3 * (time.perf_counter() - began))
        browser.close()
    for name, times in found.items():
        print(f"{name}: {len(times)} moves, median {statistics.median(times):.0f} ms, most {max(times):.0f} ms")
    print(f"whole answer with ranges: median {statistics.median(whole):.0f} ms after the slider settled")
