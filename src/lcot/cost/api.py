"""The third option: tokens bought from a host, at the list prices of the package genai-prices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import Any

from lcot.cost.allocation import all_to_output, blended, tokens_per_request
from lcot.cost.types import Bill, CostPerToken
from lcot.errors import InputError, UnknownName
from lcot.facts.reading import read_yaml
from lcot.facts.types import Numeric
from lcot.serving.types import Traffic

NAMES = Path(__file__).parent.parent / "catalog" / "api.yaml"
PER_TOKEN = 1e-6  # list prices are in USD per million tokens


@dataclass(frozen=True, slots=True)
class Offer:
    """A host's list price of a model. Prices in USD/token."""

    host: str
    model: str  # the host's name of it
    input: float
    cached_input: float  # the price of fresh input where the host has no discount
    output: float
    date: str  # since when the price holds, or ""
    edition: str  # the price list, with its version
    system: str = ""  # the host's own silicon, an id of the catalogue; "" for GPUs or unstated


@lru_cache(maxsize=1)
def names() -> dict[str, Any]:
    """Names of our models with the hosts, and hosts with silicon of their own."""
    return read_yaml(NAMES)


def price_list() -> tuple[Any, str]:
    """Providers of genai-prices and the edition. Raises `InputError` where the package is not installed."""
    try:
        from importlib.metadata import version

        from genai_prices.data import providers
    except ImportError:
        raise InputError(
            "prices of tokens need the package genai-prices, which is not installed: pip install 'lcot[prices]'"
        ) from None
    return providers, f"genai-prices {version('genai-prices')}"


def offers(model: str, on: date | None = None) -> tuple[Offer, ...]:
    """List prices of a model at every host, cheapest output first.

    Parameters
    ----------
    model : str
        Our id of the model; a quantised variant has the prices of the model, as hosts rarely say what they run.
    on : date, optional
        Day for which the prices hold; today by default.

    Returns
    -------
    tuple of Offer
        One for each host and name under which it sells the model; empty where nobody does.

    Raises
    ------
    UnknownName
        If the model has no names in the list.
    InputError
        If the package genai-prices is not installed.
    """
    known: dict[str, list[str]] = names()["models"]
    model = sold_as(model, known)
    providers, edition = price_list()
    moment = datetime.combine(on, time(12), UTC) if on else datetime.now(UTC)
    found: list[Offer] = []
    for provider in providers:
        for entry in provider.models:
            if entry.id.lower().split("/")[-1] in known[model]:
                offer = read_offer(provider.id, entry, moment, edition)
                if offer is not None:
                    found.append(offer)
    return tuple(sorted(found, key=lambda offer: (offer.output, offer.input, offer.host)))


def sold_as(model: str, known: Iterable[str]) -> str:
    """The id under which a model has names: its own, or the model's of which it is a variant. Raises `UnknownName`."""
    fitting = [one for one in known if model == one or model.startswith(f"{one}-")]
    if not fitting:
        raise UnknownName("model with API prices", model, known)
    return max(fitting, key=len)


def read_offer(host: str, entry: Any, moment: datetime, edition: str) -> Offer | None:
    """One entry of the price list; None where it does not price both input and output."""
    prices = entry.get_prices(moment)

    def usd(key: str) -> float:
        amount = getattr(prices, key, None)
        return float(getattr(amount, "base", amount) or 0.0) * PER_TOKEN

    if not usd("input_mtok") or not usd("output_mtok"):
        return None
    since = ""
    if isinstance(entry.prices, list):
        active = next(one for one in [*reversed(entry.prices), entry.prices[0]] if one.prices == prices)
        since = str(getattr(active.constraint, "start_date", "") or "")
    return Offer(
        host=host,
        model=entry.id,
        input=usd("input_mtok"),
        cached_input=usd("cache_read_mtok") or usd("input_mtok"),
        output=usd("output_mtok"),
        date=since,
        edition=edition,
        system=names()["hosts"].get(host, ""),
    )


def request_price(offer: Offer, traffic: Traffic) -> Numeric:
    """What one request costs at a host.

    Parameters
    ----------
    offer : Offer
        List prices. [USD/token]
    traffic : Traffic
        Tokens of a request. [token]

    Returns
    -------
    numeric, shape (...)
        Price of a request. [USD]

    Notes
    -----
    .. math:: p = n_{in} p_{in} + n_{cached} p_{cached} + n_{out} p_{out}

    References
    ----------
    :cite:t:`genaiprices2026`.
    """
    tokens = tokens_per_request(traffic)
    return sum(count * getattr(offer, kind) for kind, count in tokens.items())


def api_bill(offer: Offer, traffic: Traffic, rate: Numeric) -> Bill:
    """The bill of a load that is bought by the token.

    Parameters
    ----------
    offer : Offer
        List prices. [USD/token]
    traffic : Traffic
        Tokens of a request. [token]
    rate : numeric, shape (...)
        Requests bought. [request/s]

    Returns
    -------
    Bill
        Of basis ``api``: the invoice is its own allocation by list price.

    Notes
    -----
    .. math:: \\dot C = \\lambda p

    References
    ----------
    :cite:t:`genaiprices2026`.
    """
    request = request_price(offer, traffic)
    tokens = tokens_per_request(traffic)
    return Bill(
        basis="api",
        lines={"api": rate * request},
        tokens={kind: count * rate for kind, count in tokens.items()},
        cost={
            "list_price": CostPerToken(offer.input, offer.cached_input, offer.output, blended(request, tokens)),
            "all_to_output": all_to_output(request, traffic),
        },
        used=(f"{offer.host}.{offer.model}",),
    )


def break_even_rate(bill: Bill, offer: Offer, traffic: Traffic) -> Numeric:
    """Load above which a fleet costs less than buying its tokens.

    Parameters
    ----------
    bill : Bill
        Of the fleet, owned or rented; it is paid whatever the load. [USD/s]
    offer : Offer
        List prices. [USD/token]
    traffic : Traffic
        Tokens of a request. [token]

    Returns
    -------
    numeric, shape (...)
        Requests a second. Where the fleet cannot deliver that many, the host is cheaper at any load. [request/s]

    Notes
    -----
    .. math:: \\lambda^* = \\dot C / p

    References
    ----------
    :cite:t:`short1995`, chapter 4, break-even analysis.
    """
    return bill.total / request_price(offer, traffic)


def gross_margin(bill: Bill, offer: Offer, traffic: Traffic) -> Numeric:
    """Share of a host's price that is left if its tokens cost what ours do.

    Parameters
    ----------
    bill : Bill
        Of a fleet that serves the same traffic. [USD/s]
    offer : Offer
        The host's list prices. [USD/token]
    traffic : Traffic
        Tokens of a request. [token]

    Returns
    -------
    numeric, shape (...)
        Implied gross margin; negative where the host sells below our cost. [1]

    Notes
    -----
    .. math:: m = 1 - \\frac{C}{p}

    References
    ----------
    :cite:t:`horngren2015`.
    """
    tokens = tokens_per_request(traffic)
    cost = bill.total / (bill.tokens["output"] / tokens["output"])
    return 1.0 - cost / request_price(offer, traffic)
