"""Companies and definitions: every number has a source, and a wrong file is refused in words."""

import pytest

from lcot.errors import ParseError, UnknownName
from lcot.facts.schema import STRENGTH
from lcot.market.claims import claim, claim_ids
from lcot.market.companies import company, definitions, find, ids
from lcot.market.deals import deal, deal_ids

OWNERS = (
    [company(one).facts for one in ids("companies")]
    + [deal(one).facts for one in deal_ids()]
    + [claim(one).facts for one in claim_ids()]
    + [definitions()]
)


def test_what_ships():
    assert {"cerebras", "nvidia", "amd", "openai"} <= set(ids("companies"))
    assert "openai-cerebras-750mw" in deal_ids()
    assert len(claim_ids()) == 12


@pytest.mark.parametrize("facts", OWNERS, ids=lambda facts: facts.owner)
def test_every_fact_has_a_source_and_its_range_in_order(facts):
    assert facts
    for fact in facts.values():
        if fact.value is None:
            assert fact.note, fact.key
            continue
        assert fact.sources, fact.key
        for source in fact.sources:
            assert source.kind in STRENGTH
            assert source.url or source.kind in ("secondary", "estimate"), (fact.key, source.id)
        if fact.low is not None:
            assert fact.low <= fact.value <= fact.high


@pytest.mark.parametrize("facts", OWNERS, ids=lambda facts: facts.owner)
def test_an_estimate_says_how_it_was_made(facts):
    for fact in facts.values():
        if fact.is_estimate:
            assert fact.note, fact.key
            assert fact.low is not None, fact.key


def test_aliases_and_nearest_names():
    assert company("CBRS").id == "cerebras"
    assert company("frontier lab").id == "openai"
    with pytest.raises(UnknownName, match="'cerebras'"):
        company("cerebas")
    with pytest.raises(UnknownName, match="openai-cerebras"):
        find("deals", "openai-cerebra")


def test_a_wrong_file_is_refused_with_its_place(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("id: mine\nname: Mine\nsells: dreams\nbase_year: 2026\nexit_year: 2028\nfacts: {}\n")
    with pytest.raises(ParseError, match="sells"):
        company(str(file))
    file.write_text(
        "id: mine\nname: Mine\nsells: systems\nbase_year: 2026\nexit_year: 2028\n"
        "facts:\n  multiple: {value: 25, unit: X, source: nowhere}\n"
    )
    with pytest.raises(ParseError, match="unit"):
        company(str(file))
    file.write_text(
        "id: mine\nname: Mine\nsells: systems\nbase_year: 2026\nexit_year: 2028\n"
        "facts:\n  multiple: {value: 25, unit: '1', source: nowhere}\n"
    )
    with pytest.raises(ParseError, match="nowhere"):
        company(str(file))


def test_a_company_of_ones_own_needs_no_code(tmp_path):
    text = find("companies", "nvidia").read_text().replace("id: nvidia", "id: mine")
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    assert company(str(file)).id == "mine"
