"""The joint cost of input, cached input and output, split three ways that all add up to the total."""

from __future__ import annotations

from lcot.cost.types import CostPerToken
from lcot.facts.types import Numeric
from lcot.serving.types import Served, Traffic

VANISHING = 1e-200  # tokens: nothing beside any traffic, and the limit where there is none


def tokens_per_request(traffic: Traffic) -> dict[str, Numeric]:
    """Tokens of one request by kind.

    Parameters
    ----------
    traffic : Traffic
        Lengths of a request [token] and the share of its input that is cached [1].

    Returns
    -------
    dict of numeric, shape (...)
        ``input`` (fresh), ``cached_input`` and ``output``. [token]

    Notes
    -----
    .. math:: n_{in} = I (1 - h), \\quad n_{cached} = I h, \\quad n_{out} = O

    References
    ----------
    :cite:t:`deepseek2025`, which counts input by cache hit and miss.
    """
    return {
        "input": traffic.input_tokens * (1.0 - traffic.cached_fraction),
        "cached_input": traffic.input_tokens * traffic.cached_fraction,
        "output": traffic.output_tokens,
    }


def blended(request: Numeric, tokens: dict[str, Numeric]) -> Numeric:
    """Cost of a request over its tokens.

    Parameters
    ----------
    request : numeric, shape (...)
        Cost of one request. [USD]
    tokens : dict of numeric, shape (...)
        Its tokens by kind. [token]

    Returns
    -------
    numeric, shape (...)
        Cost of a token of any kind. [USD/token]

    Notes
    -----
    .. math:: c = C / (n_{in} + n_{cached} + n_{out})

    References
    ----------
    :cite:t:`deepseek2025`.
    """
    return request / (tokens["input"] + tokens["cached_input"] + tokens["output"])


def by_bottleneck_seconds(request: Numeric, traffic: Traffic, served: Served) -> CostPerToken:
    """Each kind of token pays for the seconds for which it holds the bottleneck.

    Parameters
    ----------
    request : numeric, shape (...)
        Cost of one request. [USD]
    traffic : Traffic
        Its tokens. [token]
    served : Served
        Its bottleneck seconds by kind. [s]

    Returns
    -------
    CostPerToken
        Where no input is cached, a cached token has the cost that the first one would have. [USD/token]

    Notes
    -----
    .. math:: c_i = \\frac{C}{n_i} \\frac{s_i}{s_{in} + s_{cached} + s_{out}}

    References
    ----------
    :cite:t:`kaplan2004`: activity-based costing with time as the driver.
    """
    tokens = tokens_per_request(traffic)
    each_second = request / (served.prefill_seconds + served.cached_seconds + served.decode_seconds)
    cached_seconds = served.cached_seconds + VANISHING * served.cached_token_seconds
    return CostPerToken(
        input=each_second * served.prefill_seconds / tokens["input"],
        cached_input=each_second * cached_seconds / (tokens["cached_input"] + VANISHING),
        output=each_second * served.decode_seconds / tokens["output"],
        blended=blended(request, tokens),
    )


def all_to_output(request: Numeric, traffic: Traffic) -> CostPerToken:
    """Output tokens pay for everything, as benchmarks quote it.

    Parameters
    ----------
    request : numeric, shape (...)
        Cost of one request. [USD]
    traffic : Traffic
        Its tokens. [token]

    Returns
    -------
    CostPerToken
        Input and cached input are free. [USD/token]

    Notes
    -----
    .. math:: c_{out} = C / n_{out}

    References
    ----------
    :cite:t:`patil2026`.
    """
    tokens = tokens_per_request(traffic)
    return CostPerToken(0.0 * request, 0.0 * request, request / tokens["output"], blended(request, tokens))


def by_list_price(request: Numeric, traffic: Traffic, output_ratio: Numeric, cached_ratio: Numeric) -> CostPerToken:
    """Each kind of token pays in proportion to what it sells for.

    Parameters
    ----------
    request : numeric, shape (...)
        Cost of one request. [USD]
    traffic : Traffic
        Its tokens. [token]
    output_ratio : numeric, shape (...)
        List price of output over that of fresh input. [1]
    cached_ratio : numeric, shape (...)
        List price of cached over that of fresh input. [1]

    Returns
    -------
    CostPerToken
        Costs in the ratio of the prices. [USD/token]

    Notes
    -----
    .. math:: c_{in} = \\frac{C}{n_{in} + \\rho_{cached} n_{cached} + \\rho_{out} n_{out}}

    References
    ----------
    :cite:t:`horngren2015`, joint costs by sales value at split-off.
    """
    tokens = tokens_per_request(traffic)
    unit = request / (tokens["input"] + cached_ratio * tokens["cached_input"] + output_ratio * tokens["output"])
    return CostPerToken(unit, cached_ratio * unit, output_ratio * unit, blended(request, tokens))
