"""`lcot size`: how many systems, megawatts and dollars for this load within this service level?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from lcot.cli.dumped import dumped
from lcot.cli.load import load_of, mean_of, rate_of, say_left_out, target_of
from lcot.cli.question import Many, with_settings
from lcot.errors import DomainError, InputError, UnknownName

NONE: list[str] = []
BASES, TERMS = ("own", "rent"), ("on_demand", "reserved", "spot")


def size(
    system: str,
    model: str,
    /,
    *,
    trace: Path | None = None,
    synthetic: str | None = None,
    slo: str | None = None,
    headroom: float = 0.2,
    spares: float = 0.05,
    attainment: float = 0.95,
    tp: int = 0,
    dp: int = 0,
    pp: int = 0,
    ep: int = 0,
    weights: str = "native",
    kv: str = "",
    engine: str = "",
    policy: str = "",
    prefix_cache: bool = True,
    rate_scale: float = 1.0,
    skip_bad: bool = False,
    seed: int = 2026,
    site: str = "us-colocation",
    set: Many = NONE,
    basis: str = "own",
    term: str = "on_demand",
    json_: Annotated[bool, Parameter(name="--json", negative=())] = False,
    xlsx: Path | None = None,
    html: Path | None = None,
) -> None:
    """How many systems, megawatts and dollars for this load within this service level?

    Parameters
    ----------
    system
        A system's id or YAML file.
    model
        A catalogue id, a Hugging Face name, or the path of a config.json.
    trace
        A trace of requests that arrive at times of their own; see lcot simulate --help for the formats.
    synthetic
        A made-up load, such as poisson:rate=50,input=1000,output=500,count=4000,burstiness=1,swing=0.
    slo
        The service level of each request, such as ttft=2s,speed=20.
    headroom
        Load to be ready for beyond the one given, as a share of it.
    spares
        Systems kept beside those that serve, as a share of them.
    attainment
        Share of requests that must be within the service level.
    tp
        Tensor parallel chips; without any width, the cheapest deployment that compare finds and that holds.
    dp
        Data-parallel attention ranks inside a copy.
    pp
        Pipeline stages.
    ep
        Expert parallel ranks.
    weights
        native, bf16, fp8, int8, fp4 ...
    kv
        Format of the KV cache; the checkpoint's by default.
    engine
        Engine; the system's usual one by default.
    policy
        Admission rules: vllm, sglang or trtllm; those of the engine by default.
    prefix_cache
        Reuse the cache of shared prompt prefixes; needs a load with block hashes.
    rate_scale
        Play the load this much faster.
    skip_bad
        Leave malformed rows out, and say how many.
    seed
        Seed of a synthetic load.
    site
        Where it runs and is paid for.
    set
        Replace a fact, such as h200.memory.hbm.bandwidth='5 TB/s' (repeat).
    basis
        own or rent.
    term
        With --basis rent: on_demand, reserved or spot.
    json_
        Print as JSON.
    xlsx
        Write the fleet as a workbook whose bill follows from its inputs.
    html
        Write the fleet as one self-contained HTML file: bill, assumptions, sources, accuracy.
    """
    from lcot.choice.deploy import Layout
    from lcot.choice.finalists import repeated
    from lcot.choice.sizing import Margins, fleet
    from lcot.choice.types import Question
    from lcot.facts import catalog
    from lcot.report.sized import as_dict, as_text
    from lcot.workload.models import model as model_of

    for name, value, allowed in (("basis", basis, BASES), ("term", term, TERMS)):
        if value not in allowed:
            raise UnknownName(f"value of --{name}", value, allowed)
    for name, width in (("--tp", tp), ("--dp", dp), ("--pp", pp), ("--ep", ep)):
        if width < 0:
            raise DomainError(name, width, "1 or more")
    if not slo:
        raise InputError("--slo is missing; say what users must get, such as --slo ttft=2s,speed=20")
    target, architecture = target_of(slo), model_of(model)
    (machine,), place, settings = with_settings(set, (catalog.system(system),), catalog.site(site))
    requests, left_out = load_of(trace, synthetic, rate_scale, skip_bad, seed)
    say_left_out(left_out)
    traffic = mean_of(requests, repeated(requests) if prefix_cache else 0.0, rate_of(requests))
    question = Question(architecture, (machine,), traffic, target, place, basis=basis, term=term, settings=settings)
    stated, margins = Layout(tp, dp, pp, ep, weights, kv, engine), Margins(headroom, spares, attainment)
    found = fleet(question, stated, requests, target, margins, policy, prefix_cache)
    answer = as_dict(found, question, target, margins, left_out)
    print(dumped(answer) if json_ else as_text(answer))
    if xlsx is not None:
        from lcot.report.workbook.sized import write

        write(xlsx, found, question, as_text(answer).splitlines(), seed)
    if html is not None:
        from lcot.report.render import save
        from lcot.report.sized_page import page

        save(html, page(answer, found, question))
