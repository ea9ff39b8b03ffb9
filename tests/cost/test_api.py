from __future__ import annotations

import builtins
from datetime import date

import pytest

from lcot.cost.api import Offer, api_bill, break_even_rate, gross_margin, names, offers, request_price
from lcot.cost.bill import price
from lcot.errors import InputError, UnknownName
from lcot.facts import catalog
from lcot.serving.types import Traffic
from tests.cost.conftest import SERVED, TRAFFIC, make_site, make_system

OFFER = Offer("host", "model", 1e-6, 0.25e-6, 4e-6, "2026-11-01", "list 1")


def test_request_price_by_hand():
    assert request_price(OFFER, TRAFFIC) == pytest.approx(1000e-6 + 2000e-6)
    assert request_price(OFFER, Traffic(1000.0, 500.0, cached_fraction=0.8)) == pytest.approx(2.4e-3)


def test_api_bill_adds_up():
    traffic = Traffic(1000.0, 500.0, cached_fraction=0.8)
    bill = api_bill(OFFER, traffic, 10.0)
    assert bill.total == pytest.approx(0.024)
    cost = bill.cost["list_price"]
    assert sum(bill.tokens[kind] * getattr(cost, kind) for kind in bill.tokens) == pytest.approx(bill.total, rel=1e-12)
    assert cost.blended == pytest.approx(bill.total / sum(bill.tokens.values()), rel=1e-12)


def test_break_even_rate_makes_both_cost_the_same():
    bill = price(make_system(), SERVED, TRAFFIC, make_site())
    rate = break_even_rate(bill, OFFER, TRAFFIC)
    assert api_bill(OFFER, TRAFFIC, rate).total == pytest.approx(bill.total, rel=1e-12)


def test_gross_margin():
    bill = price(make_system(), SERVED, TRAFFIC, make_site())
    margin = gross_margin(bill, OFFER, TRAFFIC)
    assert margin == pytest.approx(1 - bill.total / 4.0 / 3e-3)
    tokens = Traffic(1000.0, 500.0)
    assert gross_margin(api_bill(OFFER, tokens, 3.0), OFFER, tokens) == pytest.approx(0.0, abs=1e-12)


def test_price_list_of_a_model():
    found = offers("gpt-oss-120b", date(2026, 11, 22))
    hosts = {offer.host: offer for offer in found}
    assert len(found) > 10
    assert hosts["groq"].output == pytest.approx(0.60e-6)  # list price at Groq, USD per million
    assert hosts["groq"].cached_input < hosts["groq"].input
    assert hosts["cerebras"].system == "cs-3"
    assert hosts["together"].system == ""
    assert all(offer.edition.startswith("genai-prices ") for offer in found)
    assert [offer.output for offer in found] == sorted(offer.output for offer in found)


def test_prices_are_those_of_the_day():
    def fireworks(day):
        return next(o for o in offers("gpt-oss-120b", day) if o.host == "fireworks")

    assert fireworks(date(2026, 11, 1)).date == "2026-10-19"
    assert fireworks(date(2026, 1, 1)).date == ""


@pytest.mark.parametrize("model", sorted(names()["models"]))
def test_every_model_is_sold_somewhere(model):
    assert offers(model, date(2026, 11, 22))


def test_hosts_with_their_own_silicon_are_in_the_catalogue():
    assert set(names()["hosts"].values()) <= set(catalog.system_ids())


def test_names_are_of_models_in_the_catalogue():
    from lcot.workload.models import model_ids

    known = set(model_ids())
    assert [m for m in names()["models"] if m not in known and not any(k.startswith(f"{m}-") for k in known)] == []


def test_variants_have_the_prices_of_the_model():
    day = date(2026, 11, 22)
    assert offers("llama-3.3-70b-fp8", day) == offers("llama-3.3-70b", day)
    assert offers("kimi-k2-thinking", day) != offers("kimi-k2", day)


def test_unknown_model_offers_the_nearest():
    with pytest.raises(UnknownName, match=r"llama-3\.3-70b"):
        offers("llama-3.3-7b")


def test_friendly_without_the_package(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **rest):
        if name.startswith("genai_prices"):
            raise ImportError(name)
        return real(name, *args, **rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(InputError, match=r"lcot\[prices\]"):
        offers("gpt-oss-120b")
