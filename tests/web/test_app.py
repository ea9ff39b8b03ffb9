"""The API under the page: the same answers as the command line, and clear refusals."""

import json

import pytest

pytest.importorskip("fastapi", reason="the web extra is not installed")
pytest.importorskip("httpx", reason="httpx is not installed")
pytest.importorskip("vl_convert", reason="the charts extra is not installed")

from fastapi.testclient import TestClient

from lcot.cli import run
from lcot.cli.web import asked, token_for
from lcot.web.app import create

ASKED = {"model": "llama-3.3-70b", "speed": "50", "rate": "20", "system": ["hgx-h200", "mi300x-8"]}


@pytest.fixture(scope="module")
def client():
    return TestClient(create(asked), base_url="http://localhost")


def test_answers_are_those_of_the_command(client, capsys):
    got = client.get("/api/compare", params=ASKED | {"draws": 16}).json()
    words = ["--speed", "50", "--rate", "20", "--system", "hgx-h200", "--system", "mi300x-8", "--draws", "16"]
    run(["compare", "llama-3.3-70b", *words, "--finalists", "0", "--json"])
    assert got["answer"] == json.loads(capsys.readouterr().out)
    assert set(got["charts"]) == {"front", "cheapest", "bill"}


def test_bill_adds_up_to_the_blended_cost(client):
    got = client.get("/api/compare", params=ASKED).json()
    total = got["charts"]["bill"]["data"]["values"][-1]["value"]
    assert total == pytest.approx(got["answer"]["systems"][0]["usd_per_mtok"]["blended"], rel=1e-6)


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
        ({"output": "-1"}, 422),
        ({"set": "a=b"}, 422),
    ],
)
def test_bad_input_is_refused_in_one_shape(client, changed, status):
    reply = client.get("/api/compare", params=ASKED | changed)
    assert reply.status_code == status
    assert reply.json()["schema"] == "lcot.error/1"
    assert reply.json()["error"]["message"]


def test_policy_allows_no_eval_and_no_other_host(client):
    for path in ("/", "/app.js", "/app.css", "/api/choices"):
        reply = client.get(path)
        assert reply.status_code == 200
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "http" not in policy


def test_fact_cards_carry_sources(client):
    facts = client.get("/api/facts/hgx-h200").json()
    assert any(fact["sources"] for fact in facts)


def test_other_hosts_need_the_token():
    assert token_for("127.0.0.1") == ""
    token = token_for("0.0.0.0")
    assert len(token) >= 32
    client = TestClient(create(asked, token, ("*",)))
    assert client.get("/api/choices").status_code == 401
    assert client.get("/api/choices", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_foreign_host_names_are_refused():
    assert TestClient(create(asked), base_url="http://example.org").get("/api/choices").status_code == 400


def test_report_is_written_whole(tmp_path):
    file = tmp_path / "answer.html"
    run(["report", "llama-3.3-70b", "--system", "hgx-h200", "--draws", "0", "--out", str(file)])
    assert file.read_text(encoding="utf-8").rstrip().endswith("</html>")
