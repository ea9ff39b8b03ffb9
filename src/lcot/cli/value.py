"""`lcot value`: what a company is worth, what must be true for a value, and what a deal implies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from lcot.cli.dumped import dumped
from lcot.cli.quantities import number
from lcot.errors import DomainError, InputError, MissingFact

if TYPE_CHECKING:
    from lcot.market.claims_reading import Reading
    from lcot.market.companies import Company
    from lcot.market.deals_tokens import Load

app = App(name="value", help="What must be true for this valuation?", help_format="plaintext")
Json = Annotated[bool, Parameter(name="--json", negative=())]


@app.default
def value(
    company: str,
    /,
    *,
    market_cap: str | None = None,
    price: str | None = None,
    market: str = "",
    market_size: str | None = None,
    scenario: str = "",
    share: str | None = None,
    cost_per_mtok: str | None = None,
    price_per_mtok: str | None = None,
    set_: Annotated[list[str] | None, Parameter(name="--set", negative=())] = None,
    draws: int = 256,
    seed: int = 2026,
    facts: Annotated[bool, Parameter(negative=())] = False,
    json_: Json = False,
    svg: Path | None = None,
) -> None:
    """What is this company worth, and what must be true for a market capitalisation?

    Also: lcot value deals, and lcot value deal ID.

    Parameters
    ----------
    company
        cerebras, nvidia, amd, openai (frontier-lab), or the path of a YAML file.
    market_cap
        Value of all equity, diluted shares included, such as 100e9: what must be true for it?
    price
        The same as a price of one share; all diluted shares are counted.
    market
        A definition of the market, such as deloitte_2028.
    market_size
        A yearly market of your own in the exit year. [USD]
    scenario
        A run of the market instead of a definition and a stated share, such as goldman (takes minutes, then is kept).
    share
        Share of that market, 0 to 1.
    cost_per_mtok
        For a lab: cost of serving a million tokens. [USD]
    price_per_mtok
        For a lab: revenue over a million tokens. [USD]
    set_
        Replace a fact of the company, such as multiple=20 or discount='15 %/year' (repeat).
    draws
        Draws of the facts; 0 for none.
    seed
        Seed of the draws.
    facts
        List the facts with their sources instead.
    json_
        Print as JSON.
    svg
        Write the chart, as .svg, .png, .html or .json.
    """
    from lcot.market.companies import company as company_of
    from lcot.market.value_worth import shares_of, worth
    from lcot.report.value import as_dict
    from lcot.report.value_text import as_text

    check_draws(draws)
    one = changed(company_of(company), share, cost_per_mtok, price_per_mtok, set_ or [])
    cap, each = number(market_cap, "--market-cap", high=1e15), number(price, "--price", high=1e12)
    if cap is not None and each is not None:
        raise InputError("--market-cap and --price both set the value; give one")
    if each is not None:
        count = shares_of(one, "diluted")
        if count is None:
            raise MissingFact(one.id, "shares.diluted", "--price")
        cap = each * count
    size = number(market_size, "--market-size", high=1e15)
    if scenario and (market or size or share):
        raise InputError("--scenario gives market and share; leave out --market, --market-size and --share")
    found = worth(one, market, draws, seed, size, run_of(scenario, seed) if scenario else None)
    answer = as_dict(found, cap, each)
    if facts and not json_:
        list_facts(answer["facts"])
    else:
        print(dumped(answer) if json_ else as_text(answer))
    if svg is not None:
        from lcot.report.render import write
        from lcot.report.value_rows import chart_of

        write(svg, chart_of(answer))


@app.command
def deal(
    name: str,
    /,
    *,
    mix: str = "",
    input_: Annotated[str, Parameter(name="--input")] = "2000",
    output: str = "500",
    speed: str = "200",
    utilisation: str = "0.45",
    draws: int = 256,
    seed: int = 2026,
    json_: Json = False,
) -> None:
    """What does a deal imply for each MW, system-hour and million tokens, and for the seller's margin?

    Parameters
    ----------
    name
        Id of the deal; lcot value deals lists them.
    mix
        Models and their shares of the tokens, such as gpt-oss-120b=0.5,qwen3-32b=0.5.
    input_
        Prompt tokens of a request.
    output
        Output tokens of a request.
    speed
        Tokens/s that a user gets, at least.
    utilisation
        Tokens delivered over those that the systems could deliver, above 0 to 1.
    draws
        Draws of the facts and the model's error; 0 for none.
    seed
        Seed of the draws.
    json_
        Print as JSON.
    """
    from lcot.market.deals import deal as deal_of
    from lcot.report.value_deals import as_dict
    from lcot.report.value_deals_text import as_text

    check_draws(draws)
    answer = as_dict(deal_of(name), load_of(mix, input_, output, speed, utilisation), draws, seed)
    print(dumped(answer) if json_ else as_text(answer))


@app.command
def deals(*, json_: Json = False) -> None:
    """List the deals on record: value, power, dollars a MW.

    Parameters
    ----------
    json_
        Print as JSON.
    """
    from lcot.report.value_deals import list_dict
    from lcot.report.value_deals_text import list_text

    answer = list_dict()
    print(dumped(answer) if json_ else list_text(answer))


def run_of(scenario: str, seed: int) -> Reading:
    """A run of the market, with progress. Raises `UnknownName`."""
    from lcot.cli.claims import DRAWS
    from lcot.cli.progress import telling
    from lcot.report.claims_store import reading_of

    with telling("reading the record") as progress:
        return reading_of(scenario, DRAWS, seed, progress)


def check_draws(draws: int) -> None:
    """Whether a number of draws makes sense. Raises `InputError`."""
    if draws < 0 or draws > 1 << 20:
        raise InputError(f"--draws is {draws}; allowed: 0 to {1 << 20}")


def changed(one: Company, share: str | None, cost: str | None, revenue: str | None, settings: list[str]) -> Company:
    """The company with what the user states. Raises `InputError`."""
    from lcot.facts.override import parse
    from lcot.market.value_worth import with_values
    from lcot.units import dimension, to_si

    values: dict[str, float] = {}
    given = {"share.exit": number(share, "--share", high=1.0)}
    for key, option, text in (("cost.token", "--cost-per-mtok", cost), ("price.token", "--price-per-mtok", revenue)):
        if text is not None and one.sells != "tokens":
            raise InputError(f"{option} is for a company that sells tokens; {one.id} sells {one.sells}")
        amount = number(text, option, high=1e9)
        given[key] = None if amount is None else amount * 1e-6
    values |= {key: amount for key, amount in given.items() if amount is not None}
    for text in settings:
        setting = parse(f"{one.id}.{text}" if not text.startswith(one.id + ".") else text)
        fact = one.facts.get(setting.key)
        if setting.number is None:
            raise DomainError(f"{one.id}.{setting.key}", setting.words, "a number and its unit", f"--set {text!r}")
        unit = setting.unit or (fact.unit if fact is not None else "1")
        if fact is not None and fact.unit and dimension(unit) != dimension(fact.unit):
            raise DomainError(f"{one.id}.{setting.key}", setting.words, f"a number in {fact.unit}", f"--set {text!r}")
        values[setting.key] = to_si(setting.number, unit)
    return with_values(one, values) if values else one


def load_of(mix: str, inputs: str, output: str, speed: str, utilisation: str) -> Load:
    """The load that a deal is costed on. Raises `InputError`."""
    from lcot.market.deals_tokens import MIX, Load

    shares: list[tuple[str, float]] = []
    for part in filter(None, mix.split(",")):
        name, equals, share = part.partition("=")
        amount = number(share, "--mix", high=1.0) if equals else None
        if amount is None:
            raise InputError(f"--mix {part!r}: not a share; allowed: MODEL=SHARE, such as gpt-oss-120b=0.5")
        shares.append((name.strip(), amount))
    numbers = [
        number(text, name, high=high)
        for text, name, high in (
            (inputs, "--input", 1e8), (output, "--output", 1e8), (speed, "--speed", 1e7),
            (utilisation, "--utilisation", 1.0),
        )
    ]  # fmt: skip
    tokens_in, tokens_out, least, used = (float(n or 0.0) for n in numbers)
    return Load(tuple(shares) or MIX, tokens_in, tokens_out, speed=least, utilisation=used)


def list_facts(rows: list[dict[str, object]]) -> None:
    """Print facts with their sources."""
    for row in rows:
        ends = f" ({row['low']:g} to {row['high']:g})" if row["low"] is not None else ""
        shown = "not found" if row["value"] is None else f"{row['value']:g}{ends} {row['unit']}"
        print(f"{row['key']:24} {shown}  [{row['kind'] or '-'}{', ' + str(row['date']) if row['date'] else ''}]")
        for text in (row["at"], row["note"]):
            if text:
                print(f"{'':24}   {text}")
        for source in row["sources"]:  # type: ignore[attr-defined]
            print(f"{'':24}   {source['title']}" + (f" <{source['url']}>" if source["url"] else ""))
