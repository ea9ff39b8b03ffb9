"""Facts set by hand: what they do, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lcot.errors import DomainError, InputError, LcotError, UnknownName
from lcot.facts import catalog
from lcot.facts.override import override, override_engine, parse
from lcot.facts.types import Engine, Fact, Facts, Site

SITE = Site("here", "Here", Facts("here", {"energy.price": Fact("energy.price", 1e-8, "USD/kWh", kind="estimate")}))
SYSTEMS = (catalog.system("hgx-h200"), catalog.system("dgx-h100"))


def test_a_fact_of_the_chip() -> None:
    (h200, h100), _ = override(["h200.memory.hbm.bandwidth=5 TB/s"], SYSTEMS, SITE)
    fact = h200.chip.facts["memory.hbm.bandwidth"]
    assert (fact.value, fact.low, fact.kind, fact.sources[0].id) == (5e12, None, "user", "user")
    assert fact.sources[0].note == "h200.memory.hbm.bandwidth=5 TB/s"
    assert h100 is SYSTEMS[1]


def test_a_fact_of_the_system_keeps_the_scope_or_states_one() -> None:
    (h200, _), _ = override(["hgx-h200.price=300 kUSD"], SYSTEMS, SITE)
    assert (h200.facts.number("price"), h200.facts["price"].scope) == (300e3, "modules")
    (h200, _), _ = override(["hgx-h200.price=400 kUSD server"], SYSTEMS, SITE)
    assert h200.facts["price"].scope == "server"
    (_, h100), _ = override(["dgx-h100.power.typical='7.1 kW'"], SYSTEMS, SITE)
    assert (h100.facts.number("power.typical"), h100.facts["power.typical"].scope) == (7100, "system")


def test_a_fact_of_the_chip_in_one_system() -> None:
    (h200, _), _ = override(["hgx-h200.power.tdp=650 W"], SYSTEMS, SITE)
    assert h200.chip.facts.number("power.tdp") == 650


def test_a_fact_of_the_site_and_of_an_engine() -> None:
    _, site = override(["here.energy.price=0.05 USD/kWh"], SYSTEMS, SITE)
    assert site.facts.number("energy.price") == pytest.approx(0.05 / 3.6e6)
    engine = Engine("vllm", "vLLM", "gpu", "", Facts("vllm", {"host.time": Fact("host.time", 1e-3, "ms")}))
    changed = override_engine([parse("vllm.host.time=2 ms"), parse("other.host.time=3 ms")], engine)
    assert changed.facts.number("host.time") == 0.002


def test_a_setting_of_an_engine_is_checked_and_left_to_it() -> None:
    engine = Engine("vllm", "vLLM", "gpu", "", Facts("vllm", {"host.time": Fact("host.time", 1e-3, "ms")}))
    assert override(["vllm.host.time=2 ms"], SYSTEMS, SITE, [engine]) == (SYSTEMS, SITE)
    with pytest.raises(UnknownName, match=r"host\.time"):
        override(["vllm.host.tim=2 ms"], SYSTEMS, SITE, [engine])
    with pytest.raises(UnknownName, match="vllm"):
        override(["vlm.host.time=2 ms"], SYSTEMS, SITE, [engine])


def test_text() -> None:
    (h200, _), _ = override(["hgx-h200.cooling=direct liquid", "h200.fabric.scale_up.topology=ring"], SYSTEMS, SITE)
    assert h200.facts.text("cooling") == "direct liquid"
    assert h200.chip.facts.text("fabric.scale_up.topology") == "ring"


@pytest.mark.parametrize(
    ("setting", "error", "words"),
    [
        ("h200.memory.hbm.bandwith=5 TB/s", UnknownName, "'memory.hbm.bandwidth'"),
        ("h20.power.tdp=5 W", UnknownName, "'h200'"),
        ("h200.power.tdp=5 TB/s", DomainError, "W, kW, MW, GW"),
        ("h200.power.tdp=5 Wt", UnknownName, "'W'"),
        ("h200.power.tdp=600", DomainError, "W, kW, MW, GW"),
        ("h200.power.tdp=-5 W", DomainError, "0.1 to"),
        ("h200.power.tdp=1e400 W", DomainError, "finite"),
        ("h200.power.tdp=much", DomainError, "a number and one of"),
        ("h200.power.tdp", InputError, "OWNER.KEY='VALUE UNIT'"),
        ("=5 W", InputError, "OWNER.KEY='VALUE UNIT'"),
        ("h200=5 W", InputError, "OWNER.KEY='VALUE UNIT'"),
        ("hgx-h200.price=5 kUSD srver", UnknownName, "'server'"),
        ("h200.fabric.scale_up.topology=rng", UnknownName, "'ring'"),
        ("here.energy.prise=5 USD/kWh", UnknownName, "'energy.price'"),
        ("here.energy.price=5 kWh", DomainError, "USD/kWh"),
    ],
)
def test_what_is_refused(setting: str, error: type[LcotError], words: str) -> None:
    with pytest.raises(error) as caught:
        override([setting], SYSTEMS, SITE)
    assert words in str(caught.value)
    assert type(caught.value) is error


@given(st.text(max_size=40), st.sampled_from(["", "h200.", "hgx-h200.", "here."]), st.text(max_size=30))
def test_any_text_is_taken_or_refused_in_words(key: str, owner: str, value: str) -> None:
    try:
        systems, _ = override([f"{owner}{key}={value}"], SYSTEMS, SITE)
    except LcotError:
        return
    assert len(systems) == 2
