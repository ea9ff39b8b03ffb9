"""The page in a real browser: what a user does, without one message on the console or one request elsewhere."""

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the web extra is not installed")
pytest.importorskip("vl_convert", reason="the charts extra is not installed")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright import sync_api as playwright

from tests.web.serving import page as served
from tests.workload.test_reading import config

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
FEW = "system=hgx-h200&system=dgx-b200&system=mi355x-8&system=cs-3"
ASKED = f"model=llama-3.3-70b&speed=50&rate=20&{FEW}"
WAIT = 60_000  # ms


@pytest.fixture(scope="module")
def address():
    with served() as found:
        yield found


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        made = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def tab(browser, address):
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    made = context.new_page()
    said, asked = [], []
    made.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
    made.on("pageerror", lambda e: said.append(str(e)))
    made.on("request", lambda r: asked.append(r.url))
    made.goto(f"{address}/?{ASKED}")
    made.wait_for_selector("body[data-rested]", timeout=WAIT)
    made.said = said
    yield made
    elsewhere = [url for url in asked if not url.startswith((address, "blob:", "data:"))]
    context.close()
    assert elsewhere == []


def slide(tab, name: str, value: float) -> None:
    tab.evaluate(
        """([name, value]) => { delete document.body.dataset.settled; const e = document.getElementById(name);
        e.value = value; e.dispatchEvent(new Event('input', {bubbles: true})); }""",
        [name, value],
    )
    tab.wait_for_selector("body[data-settled]", timeout=WAIT)


def test_it_answers_and_a_slider_moves_the_answer(tab):
    first = tab.inner_text("#verdict")
    assert "cheapest for llama-3.3-70b at 50 tokens/s" in first
    assert tab.locator("figure[data-view] svg").count() == 4
    slide(tab, "speed", 120)
    assert "at 120 tokens/s" in tab.inner_text("#verdict")
    assert tab.said == []


def test_other_lengths_are_shown_at_once_and_then_searched(tab):
    slide(tab, "input", 1600)
    slide(tab, "input", 1700)
    assert "kept from other lengths" in tab.inner_text("#note")
    tab.wait_for_url("**input=1700**", timeout=WAIT)  # the whole answer is there
    assert "kept from other lengths" not in tab.inner_text("#note")
    assert tab.said == []


def test_the_verdict_is_short_and_its_reasons_and_the_unranked_open_on_demand(tab):
    assert len(tab.inner_text("#verdict")) < 160
    assert tab.locator("#numbers dd").count() == 4
    tab.get_by_text("How it is served").click()
    assert "utilisation" in tab.inner_text("#reasons")
    slide(tab, "speed", 400)  # too much for some
    tab.wait_for_url("**speed=400**", timeout=WAIT)
    tab.locator("#counts").click()
    unranked = int(tab.inner_text("#counts").split()[0])
    playwright.expect(tab.locator("#rest tr")).to_have_count(unranked, timeout=WAIT)  # made once they are asked for
    assert tab.said == []


def test_the_address_is_the_state(tab, address):
    slide(tab, "speed", 75)
    tab.wait_for_url("**speed=75**", timeout=WAIT)
    assert "data=" in tab.url
    verdict = tab.inner_text("#verdict")
    tab.reload()
    tab.wait_for_selector("body[data-rested]", timeout=WAIT)
    assert tab.input_value("#speed") == "75"
    assert tab.inner_text("#verdict").split(" under ")[0] == verdict.split(" under ")[0]
    assert tab.said == []


def test_finance_and_the_measure_of_the_front_are_part_of_the_address(tab):
    tab.get_by_text("Finance of the site").click()
    tab.fill("[name='finance.electricity.price']", "0.3")
    tab.wait_for_url("**finance.electricity.price=0.3**", timeout=WAIT)
    tab.select_option("#measure", "front_power")
    tab.wait_for_url("**front=front_power**", timeout=WAIT)
    tab.wait_for_selector("[data-view=front] >> text=Tokens/s per MW", timeout=WAIT)
    tab.reload()
    tab.wait_for_selector("body[data-rested]", timeout=WAIT)
    assert tab.input_value("[name='finance.electricity.price']") == "0.3"
    tab.wait_for_selector("[data-view=front] >> text=Tokens/s per MW", timeout=WAIT)
    assert tab.said == []


def test_a_bar_opens_the_one_fact_behind_it(tab):
    tab.click("[data-work=tornado]")
    button = tab.locator(".links button").first
    button.wait_for(timeout=WAIT)
    name = button.inner_text()
    with tab.expect_download(timeout=WAIT) as got:
        tab.get_by_role("button", name=".xlsx: tornado").click()
    assert got.value.suggested_filename == "lcot-tornado.xlsx"
    button.click()
    tab.wait_for_selector("dl.fact", timeout=WAIT)
    assert tab.locator("#facts h2").inner_text() == name
    for told in ("Value", "Range", "Stated by", "Who disagrees"):
        assert told in tab.locator("dl.fact").inner_text()


def test_a_system_opens_its_facts(tab):
    tab.click("#rows button >> nth=0")
    tab.wait_for_selector("#facts table", timeout=WAIT)
    assert tab.locator("#facts a[href^=http]").count() > 0
    assert tab.evaluate("document.activeElement.id") == "facts"
    assert tab.said == []


@pytest.mark.parametrize(
    ("button", "start"), [("CSV: cheapest", b'"system",'), ("SVG: front", b"<svg"), ("PNG: bill", b"\x89PNG")]
)
def test_views_are_saved(tab, button, start):
    with tab.expect_download(timeout=WAIT) as got:
        tab.get_by_role("button", name=button).click()
    assert Path(got.value.path()).read_bytes().startswith(start)
    assert tab.said == []


def test_views_show_how_to_ask_again(tab):
    tab.get_by_role("button", name="Show as command: front").click()
    assert "lcot compare llama-3.3-70b" in tab.inner_text("figure[data-view=front] pre")
    tab.get_by_role("button", name="Show as Python: front").click()
    assert "from lcot.choice.compare import compare" in tab.inner_text("figure[data-view=front] pre")


def test_the_report_and_long_work(tab):
    with tab.expect_download(timeout=WAIT) as got:
        tab.click("[data-work=report]")
    text = Path(got.value.path()).read_text(encoding="utf-8")
    assert text.lstrip().lower().startswith("<!doctype html>")
    tab.click("[data-work=size]")
    tab.wait_for_selector(".work dl", timeout=WAIT)
    with tab.expect_download(timeout=WAIT) as got:
        tab.get_by_role("button", name=".xlsx: size").click()
    assert Path(got.value.path()).read_bytes().startswith(b"PK")
    tab.click("[data-work=accuracy]")
    tab.locator(".work button", has_text="Cancel").first.click()
    tab.wait_for_selector(".work .wrong", timeout=WAIT)
    assert tab.said == []


def test_files_are_dropped(tab, tmp_path):
    bad = tmp_path / "config.json"
    bad.write_text("{not json")
    tab.set_input_files("#file", str(bad))
    tab.wait_for_selector("#error:not([hidden])")
    assert "config.json is not JSON" in tab.inner_text("#error")
    for name, text, said in (
        ("half.json", '{"model_type": "llama", "hidden_sise": 8}', "half.json: "),
        ("null.json", "null", "null.json holds null"),
        ("rows.csv", "a,b\n1,2\n", "rows.csv: line 1"),
    ):
        (tmp_path / name).write_text(text)
        tab.set_input_files("#file", str(tmp_path / name))
        tab.locator("#error", has_text=said).wait_for(timeout=WAIT)
    tab.said.clear()  # what the browser says of the refusals
    good = tmp_path / "mine.json"
    good.write_text(json.dumps(config("llama-3.3-70b")))
    tab.set_input_files("#file", str(good))
    tab.wait_for_selector("#dropped:not([hidden])", timeout=WAIT)
    tab.locator("#verdict", has_text="cheapest for mine at").wait_for(timeout=WAIT)
    assert tab.said == []


def test_nothing_serious_for_those_who_read_otherwise(tab):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    tab.context.grant_permissions([])
    script = Path(axe.__file__).parent / "axe.min.js"
    session = tab.context.new_cdp_session(tab)
    session.send("Page.setBypassCSP", {"enabled": True})
    tab.reload()
    tab.wait_for_selector("body[data-rested]", timeout=WAIT)
    tab.add_script_tag(path=str(script))
    tab.locator(".why summary").click()
    tab.click("#rows button >> nth=0")
    tab.wait_for_selector("#facts table", timeout=WAIT)
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        found = tab.evaluate("axe.run()")["violations"]
        assert [(v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in ("serious", "critical")] == []


def test_it_fits_a_phone(tab):
    tab.set_viewport_size({"width": 390, "height": 844})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 392


def test_a_report_prints_whole_on_a4(browser, tmp_path):
    from lcot.cli import run

    path = tmp_path / "report.html"
    words = ["report", "llama-3.3-70b", "--speed", "50", "--rate", "20", "--draws", "8", "--out", str(path)]
    run([*words, *(word for id in ("hgx-h200", "mi355x-8", "cs-3") for word in ("--system", id))])
    context = browser.new_context(viewport={"width": 673, "height": 980}, offline=True)  # A4 less its margins
    page = context.new_page()
    page.emulate_media(media="print")
    page.goto(path.as_uri())
    beyond = "e => [...e].filter(one => one.getBoundingClientRect().right > 674).map(one => one.outerHTML.slice(0, 80))"
    assert page.eval_on_selector_all("table, pre, p, h1, figure svg", beyond) == []
    assert page.pdf(format="A4").startswith(b"%PDF")
    context.close()
