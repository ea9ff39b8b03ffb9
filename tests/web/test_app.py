"""The API under the page: the same answers as the command line, and clear refusals."""

import json
import time
from concurrent.futures import Future

import pytest

pytest.importorskip("fastapi", reason="the web extra is not installed")
pytest.importorskip("httpx", reason="httpx is not installed")
pytest.importorskip("vl_convert", reason="the charts extra is not installed")

from fastapi.testclient import TestClient

from lcot.cli import run
from lcot.cli.web import asked, token_for
from lcot.errors import InputError
from lcot.web.app import create
from lcot.web.asking import Asking
from lcot.web.searching import QUEUE, Searching
from lcot.web.views import stated, unit_of
from lcot.workload.models import model_ids
from tests.workload.test_reading import config

ASKED = {"model": "llama-3.3-70b", "speed": 50, "rate": 20, "system": ["hgx-h200", "dgx-b200"]}


@pytest.fixture(scope="module")
def client():
    with TestClient(create(asked), base_url="http://localhost") as made:
        yield made


def done(client, state, seconds=240.0):
    until = time.monotonic() + seconds
    while state["state"] == "running" and time.monotonic() < until:
        time.sleep(0.1)
        state = client.get(f"/api/runs/{state['id']}").json()
    return state


def test_answers_are_those_of_the_command(client, capsys):
    got = client.post("/api/compare", json=ASKED | {"draws": 16}).json()
    words = ["--speed", "50", "--rate", "20", "--system", "hgx-h200", "--system", "dgx-b200", "--draws", "16"]
    run(["compare", "llama-3.3-70b", *words, "--finalists", "0", "--json"])
    assert got["answer"] == json.loads(capsys.readouterr().out)
    assert set(got["charts"]) == {"front", "front_chip", "front_power", "cheapest", "bill", "step"}


def test_bill_and_step_add_up(client):
    got = client.post("/api/compare", json=ASKED).json()
    best = got["answer"]["systems"][0]
    total = got["charts"]["bill"]["data"]["values"][-1]["value"]
    assert total == pytest.approx(best["usd_per_mtok"]["blended"], rel=1e-6)
    parts = got["charts"]["step"]["layer"][0]["data"]["values"]
    mine = sum(row["seconds"] for row in parts if row["case"] == best["name"])
    assert mine == pytest.approx(best["time_per_output_token"], rel=0.05)


def test_a_slider_gets_what_a_fresh_question_gets(client):
    for changed in ({"speed": 30}, {"speed": 80}, {"rate": 100}, {"rate": None}, {"basis": "rent"}):
        slid = client.post("/api/slide", json=ASKED | changed).json()["answer"]
        fresh = client.post("/api/compare", json=ASKED | changed).json()["answer"]
        assert [s["system"] for s in slid["systems"]] == [s["system"] for s in fresh["systems"]]
        for one, other in zip(slid["systems"], fresh["systems"], strict=True):
            assert one["usd_per_mtok"]["blended"] == pytest.approx(other["usd_per_mtok"]["blended"], rel=0.02)


def test_a_config_is_a_model(client):
    body = ASKED | {"model": "mine", "config": config("llama-3.3-70b")}
    mine = client.post("/api/compare", json=body).json()["answer"]
    known = client.post("/api/compare", json=ASKED).json()["answer"]
    assert mine["question"]["model"] == "mine"
    assert mine["systems"][0]["usd_per_mtok"] == known["systems"][0]["usd_per_mtok"]
    wrong = client.post("/api/compare", json=body | {"config": {"model_type": "llama", "hidden_sise": 8}})
    assert wrong.status_code == 400
    assert wrong.json()["error"]["message"]


def test_a_trace_is_a_load(client):
    text = "arrival,input_tokens,output_tokens\n0,100,10\n1,200,30\n2,300,20\n"
    found = client.post("/api/traffic", json=text).json()
    assert found == {"requests": 3, "input": 200.0, "output": 20.0, "cached": 0.0, "rate": 1.0}
    wrong = client.post("/api/traffic", json=text + "3,many,1\n")
    assert wrong.status_code == 400
    assert wrong.json()["error"]["message"].startswith("line 5")


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"model": "no-such-model"}, 400),
        ({"model": "../../etc/passwd"}, 422),
        ({"model": "config.json"}, 400),
        ({"site": "site.yaml"}, 400),
        ({"system": ["hgx-h201"]}, 400),
        ({"draws": 1000000}, 422),
        ({"input": "nan"}, 422),
        ({"output": -1}, 422),
        ({"set": "a=b"}, 422),
        ({"config": {"a": [[[[[[[[[1]]]]]]]]]}}, 400),
    ],
)
def test_bad_input_is_refused_in_one_shape(client, changed, status):
    for path in ("/api/compare", "/api/slide"):
        reply = client.post(path, json=ASKED | changed)
        assert reply.status_code == status
        assert reply.json()["schema"] == "lcot.error/1"
        assert reply.json()["error"]["message"]


def test_work_runs_the_verb_of_the_command(client):
    state = client.post("/api/runs", json={"kind": "size", "asked": ASKED, "system": "hgx-h200"}).json()
    assert state["command"].startswith("lcot size hgx-h200 llama-3.3-70b")
    state = done(client, state)
    assert state["state"] == "done", state
    assert state["result"]["schema"] == "lcot.size/1"
    assert client.get(f"/api/runs/{state['id']}/file").content[:2] == b"PK"  # its workbook


def test_a_view_without_a_file_of_its_own_has_a_workbook_of_its_rows(client):
    asked = {"model": "llama-3.3-70b"}
    begun = client.post("/api/runs", json={"kind": "value-nvidia", "asked": asked}).json()
    assert client.get(f"/api/runs/{begun['id']}/file").status_code == 400  # it runs
    state = done(client, begun)
    assert state["file"] == "lcot-value.xlsx"
    got = client.get(f"/api/runs/{state['id']}/file")
    assert got.content[:2] == b"PK"
    assert "lcot-value.xlsx" in got.headers["content-disposition"]


def test_other_lengths_are_answered_at_once_among_kept_layouts(client):
    first = client.post("/api/slide", json=ASKED).json()
    assert first["searched"]
    longer = client.post("/api/slide", json=ASKED | {"input": 1500}).json()
    assert not longer["searched"]
    full = client.post("/api/compare", json=ASKED | {"input": 1500}).json()["answer"]["systems"]
    for one, other in zip(longer["answer"]["systems"], full, strict=True):
        assert one["system"] == other["system"]
        assert one["usd_per_mtok"]["blended"] == pytest.approx(other["usd_per_mtok"]["blended"], rel=0.02)
    until = time.monotonic() + 30  # the layouts of these lengths are looked for behind the answer
    while not (again := client.post("/api/slide", json=ASKED | {"input": 1500}).json())["searched"]:
        assert time.monotonic() < until
        time.sleep(0.1)
    same = client.post("/api/compare", json=ASKED | {"input": 1500}).json()
    assert again["headline"] == same["headline"]


def test_the_market_can_be_begun(client):
    state = client.post("/api/runs", json={"kind": "market", "asked": ASKED}).json()
    assert state["words"] == ["market", "--draws", "32", "--json", "--xlsx", "./lcot-market.xlsx"]
    assert state["command"] == "lcot market --draws 32 --json --xlsx ./lcot-market.xlsx"
    assert client.delete(f"/api/runs/{state['id']}").json()["state"] == "cancelled"


def test_work_can_be_ended_and_fails_in_words(client):
    state = client.post("/api/runs", json={"kind": "accuracy", "asked": ASKED}).json()
    ended = client.delete(f"/api/runs/{state['id']}").json()
    assert ended["state"] == "cancelled"
    state = client.post("/api/runs", json={"kind": "size", "asked": ASKED | {"speed": 1e5}, "system": "hgx-h200"})
    state = done(client, state.json())
    assert state["state"] == "failed" or not state["result"]["feasible"]
    assert client.get("/api/runs/none").status_code == 400
    assert client.post("/api/runs", json={"kind": "dig", "asked": ASKED}).status_code == 400


def test_too_large_a_request_is_refused(client):
    reply = client.post("/api/slide", content=b" " * ((32 << 20) + 1), headers={"content-type": "application/json"})
    assert reply.status_code == 413


def test_policy_allows_no_eval_no_inline_style_and_no_other_host(client):
    for path in ("/", "/app.js", "/app.css", "/api/choices"):
        reply = client.get(path)
        assert reply.status_code == 200
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "http" not in policy


def test_choices_are_those_of_the_catalogue(client):
    choices = client.get("/api/choices").json()
    assert choices["models"] == model_ids()
    assert all(p["source"].startswith("https://") for p in choices["presets"])


def test_fact_cards_carry_sources(client):
    facts = client.get("/api/facts/hgx-h200").json()
    assert any(fact["sources"] for fact in facts)


def test_other_hosts_need_the_token():
    assert token_for("127.0.0.1") == ""
    token = token_for("0.0.0.0")
    assert len(token) >= 32
    client = TestClient(create(asked, token, ("*",)))
    assert client.get("/api/choices").status_code == 401
    assert client.get("/api/choices", headers={"authorization": f"Bearer {token}"}).status_code == 200


def test_finance_of_the_site_changes_the_answer_as_set_does(client, capsys):
    dearer = ASKED | {"finance": {"electricity.price": 0.3, "life.accelerator": 3}}
    got = client.post("/api/compare", json=dearer).json()["answer"]
    words = ["--speed", "50", "--rate", "20", "--system", "hgx-h200", "--system", "dgx-b200", "--draws", "0"]
    changed = ["--set", "us-colocation.electricity.price=0.3 USD/kWh", "--set", "us-colocation.life.accelerator=3 year"]
    run(["compare", "llama-3.3-70b", *words, *changed, "--finalists", "0", "--json"])
    assert got == json.loads(capsys.readouterr().out)
    slid = client.post("/api/slide", json=dearer).json()["answer"]["systems"][0]
    assert slid["usd_per_mtok"]["blended"] == pytest.approx(got["systems"][0]["usd_per_mtok"]["blended"], rel=1e-9)
    plain = client.post("/api/slide", json=ASKED).json()["answer"]["systems"][0]
    assert plain["usd_per_mtok"]["blended"] < slid["usd_per_mtok"]["blended"]


@pytest.mark.parametrize("key", ["pue", "load_factor", "life.accelerator", "finance.discount_rate", "capital.salvage"])
@pytest.mark.parametrize("value", [1e-9, 1e3])
def test_absurd_finance_is_refused_or_answered(client, key, value):
    for path in ("/api/compare", "/api/slide"):
        assert client.post(path, json=ASKED | {"rate": None, "finance": {key: value}}).status_code in (200, 400)


@pytest.mark.parametrize("owner", ["hgx-h200", "h200", "vllm", "us-colocation"])
def test_facts_of_any_owner(client, owner):
    assert client.get(f"/api/facts/{owner}").json()


def test_the_page_knows_what_may_be_changed(client):
    choices = client.get("/api/choices").json()
    assert {"us-colocation", "vllm", "h200", "hgx-h200"} <= set(choices["owners"])
    for some in choices["finance"].values():
        assert any(one["key"] == "electricity.price" and one["unit"] == "USD/kWh" for one in some)


def test_a_company_forward_and_in_reverse(client):
    for worth, said in ((None, "The stated facts"), (5000, "asks for")):
        asking = {"model": "llama-3.3-70b"} | ({"worth": worth} if worth else {})
        state = client.post("/api/runs", json={"kind": "value-nvidia", "asked": asking}).json()
        state = done(client, state)
        assert state["state"] == "done", state
        assert said in state["verdict"]
        assert state["charts"]["value"]["title"]
    assert client.post("/api/runs", json={"kind": "value-nobody", "asked": {"model": "x"}}).status_code == 400


def test_latency_against_load_is_a_chart_of_the_page_with_its_knee(client):
    state = done(client, client.post("/api/runs", json={"kind": "load", "asked": ASKED, "system": "hgx-h200"}).json())
    assert state["state"] == "done", state
    assert "knee: " in json.dumps(state["charts"]["load"])
    assert "config" not in state["charts"]["load"]


def test_ends_of_a_fact_are_said_in_the_unit_of_its_file():
    assert unit_of("us-colocation", "life.accelerator") == "year"
    assert stated(5 * 8760 * 3600.0, "year") == "5 year"
    assert unit_of("model", "error") == ""
    assert stated(1.4809, "") == "1.48"


def test_more_questions_than_can_wait_are_refused():
    searching = Searching(asked)
    stuck: Future[tuple[str, bytes]] = Future()
    searching.waiting = [stuck] * QUEUE
    with pytest.raises(InputError, match=f"{QUEUE} questions wait"):
        searching.answer(Asking(model="llama-3.1-8b"))
    searching.look_ahead(Asking(model="llama-3.1-8b"))  # gives way
    assert searching.pool is None


def test_a_search_that_dies_is_begun_again():
    searching = Searching(asked)
    few = Asking(model="llama-3.1-8b", system=("hgx-h200",))
    try:
        first = searching.answer(few)
        for process in searching.begin()._processes.values():
            process.kill()
        until = time.monotonic() + 10
        while searching.begin()._broken is False and time.monotonic() < until:
            time.sleep(0.05)
        searching.answers.clear()
        assert searching.answer(few) == first
    finally:
        searching.close()
