"""`lcot compare`: who is cheapest for this model at this speed and load?"""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lcot.cli.quantities import duration, number
from lcot.errors import InputError, UnknownName
from lcot.units import DAY

if TYPE_CHECKING:
    from lcot.choice.types import Answer, Question

BASES = ("own", "rent", "api")


def compare(
    model: str,
    /,
    *,
    input: str = "1000",
    output: str = "500",
    cached: str = "0",
    speed: str | None = None,
    ttft: str | None = None,
    rate: str | None = None,
    tokens_per_day: str | None = None,
    precision: str = "native",
    speculative: str = "off",
    basis: str = "own",
    term: str = "on_demand",
    site: str = "us-colocation",
    engine: str = "",
    system: Annotated[list[str] | None, Parameter(negative=())] = None,
    available_by: str | None = None,
    set_: Annotated[list[str] | None, Parameter(name="--set", negative=())] = None,
    draws: int = 256,
    seed: int = 2026,
    why_not: str | None = None,
    json_: Annotated[bool, Parameter(name="--json", negative=())] = False,
    svg: Path | None = None,
    html: Path | None = None,
) -> None:
    """Who is cheapest for this model at this speed and load?

    Parameters
    ----------
    model
        A catalogue id, a Hugging Face name, or the path of a config.json.
    input
        Prompt tokens of a request.
    output
        Output tokens of a request.
    cached
        Share of the prompt found in the prefix cache, 0 to 1.
    speed
        Tokens/s that a user gets, at least.
    ttft
        Time to first token, at most, such as 2s or 500ms.
    rate
        Requests/s of the whole load.
    tokens_per_day
        The load as input plus output tokens a day, instead of --rate.
    precision
        native (as published), bf16, fp8, int8, fp4, w4a16.
    speculative
        off, or stated (only where an acceptance length is on record).
    basis
        own, rent or api; never mixed in one ranking.
    term
        With --basis rent: on_demand, reserved or spot.
    site
        A site's id, or the path of a YAML file.
    engine
        One engine for all; by default each vendor's usual one.
    system
        Only these systems (repeat), by id or path of a YAML file; by default the whole catalogue.
    available_by
        ISO date by which systems must be on sale; today by default.
    set_
        Replace a fact, such as h200.memory.hbm.bandwidth='5 TB/s' (repeat).
    draws
        Monte Carlo draws over facts and model error; 0 for none.
    seed
        Seed of the draws.
    why_not
        Say why one system does not win or does not fit.
    json_
        Print the answer as JSON.
    svg
        Write the front as SVG (or PNG, by the name's ending).
    html
        Write the answer as one self-contained HTML file: verdict, front, table, assumptions, sources.
    """
    from lcot.choice.compare import compare as answer_of

    question = ask(
        model, input, output, cached, speed, ttft, rate, tokens_per_day, precision, speculative, basis, term, site,
        engine, [*(system or []), *([why_not] if why_not and system else [])], available_by, set_ or [], draws, seed,
    )  # fmt: skip
    answer = answer_of(question)
    if json_:
        from lcot.report.contract import to_dict

        print(json.dumps(to_dict(answer), indent=1))
    else:
        show(answer, why_not)
    write(answer, svg, html)


def ask(
    model: str, input: str, output: str, cached: str, speed: str | None, ttft: str | None, rate: str | None,
    tokens_per_day: str | None, precision: str, speculative: str, basis: str, term: str, site: str, engine: str,
    systems: list[str], available_by: str | None, settings: list[str], draws: int, seed: int,
) -> Question:  # fmt: skip
    """The question that the options state. Raises `InputError` for anything that does not make sense."""
    from lcot.choice.types import Question
    from lcot.facts import catalog
    from lcot.serving.types import Target, Traffic
    from lcot.workload.models import model as model_of

    for what, given, allowed in (
        ("--basis", basis, BASES),
        ("--speculative", speculative, ("off", "stated")),
        ("--term", term, ("on_demand", "reserved", "spot")),
    ):
        if given not in allowed:
            raise UnknownName(f"value of {what}", given, allowed)
    if rate is not None and tokens_per_day is not None:
        raise InputError("--rate and --tokens-per-day both set the load; give one")
    inputs, outputs = number(input, "--input", high=1e8), number(output, "--output", high=1e8)
    assert inputs is not None
    assert outputs is not None
    share = number(cached, "--cached", low=-1e-300, high=0.999) or 0.0
    load = number(rate, "--rate", high=1e9)
    daily = number(tokens_per_day, "--tokens-per-day", high=1e18)
    if daily is not None:
        load = daily / DAY / (inputs + outputs)
    chosen = tuple(catalog.system(s) for s in (systems or catalog.system_ids()))
    place = catalog.site(site)
    if settings:
        from lcot.facts.override import override

        chosen, place = override(settings, chosen, place)
    return Question(
        model=model_of(model),
        systems=chosen,
        traffic=Traffic(inputs, outputs, load, share),
        target=Target(number(speed, "--speed", high=1e7), duration(ttft, "--ttft")),
        site=place,
        precision=precision,
        speculative=speculative,
        basis=basis,
        term=term,
        available_by=iso_date(available_by),
        engine=engine,
        draws=draws,
        seed=seed,
    )


def iso_date(text: str | None) -> str:
    """An ISO date, today where none is given. Raises `InputError`."""
    if text is None:
        return datetime.date.today().isoformat()
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        raise InputError(f"--available-by is {text!r}; allowed: a date such as 2027-01-31") from None


def show(answer: Answer, why_not: str | None) -> None:
    """Print the answer, or why one system is not the winner."""
    from rich.console import Console

    from lcot.report.terminal import explain_absence, render

    console = Console(highlight=False)
    if why_not is None:
        render(answer, console)
        return
    known = {e.system.id: e for e in answer.entries} | {a: e for e in answer.entries for a in e.system.aliases}
    if why_not not in known:
        raise UnknownName("system", why_not, known, "--why-not")
    for line in explain_absence(answer, known[why_not]):
        console.print(line, markup=False)


def write(answer: Answer, svg: Path | None, html: Path | None) -> None:
    """Write the front as SVG and the report as HTML, each whole or not at all."""
    if svg is not None:
        from lcot.report.charts.front import front
        from lcot.report.contract import front_rows
        from lcot.report.render import write as write_chart

        chart = front(front_rows(answer), target=answer.question.target.speed, title=answer.question.model.id)
        write_chart(svg, chart)
    if html is not None:
        from lcot.report.answer import whole_report
        from lcot.report.render import save

        save(html, whole_report(answer))
