"""Claims as plain data. Schema ``lcot.claims/1``."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import asdict, replace
from typing import Any

from lcot.errors import UnknownName
from lcot.market.claims import Claim, Flip, claim, claim_ids, with_record_flips
from lcot.market.claims_fronts import Crossing, crossings
from lcot.market.claims_map import INPUT, OUTPUT, Cell
from lcot.market.claims_model import with_draws, with_map, with_market
from lcot.report.claims_store import BY_MARKET, Said, map_of, reading_of, turns_of
from lcot.report.value import ADVICE, listed

SCHEMA = "lcot.claims/1"
DRAWN = 1024  # draws of the record's own facts, which cost nothing


def answered(
    names: Sequence[str],
    scenario: str,
    draws: int,
    seed: int,
    progress: Said | None = None,
    model: bool = True,
    executor: Executor | None = None,
) -> dict[str, Any]:
    """The claims asked for (all without any), with what the model says where it tests them."""
    known = claim_ids()
    for name in names:
        if name.upper() not in known and not name.endswith((".yaml", ".yml")):
            raise UnknownName("claim", name, known)
    ids = [name if name.endswith((".yaml", ".yml")) else name.upper() for name in names] or known
    found = [with_draws(with_record_flips(claim(one)), DRAWN, seed) for one in ids]
    mapped: tuple[Cell, ...] = ()
    crossed: tuple[Crossing, ...] = ()
    if model and any(one.id in (*BY_MARKET, "C9") for one in found):
        read = reading_of(scenario, draws, seed, progress)
        tested = any(one.id in BY_MARKET for one in found)
        turns = turns_of(scenario, read, draws, seed, progress) if tested else {}
        found = [replace(with_market(one, read), flips=(*one.flips, *turns.get(one.id, ()))) for one in found]
    if model and any(one.id == "C11" for one in found):
        mapped = map_of(draws, seed, progress, executor)
        crossed = crossings(mapped)
    found = [with_map(one, mapped) if mapped else one for one in found]
    return {
        "schema": SCHEMA,
        "basis": {"scenario": scenario, "draws": draws, "seed": seed, "model": model, "advice": ADVICE},
        "claims": [claim_dict(one) | map_dict(one, mapped, crossed) for one in found],
    }


def claim_dict(one: Claim) -> dict[str, Any]:
    """One claim."""
    facts = [listed(one.facts[key]) for key in one.facts]
    sources = {s["title"]: s for fact in facts for s in fact["sources"] if s["title"] != "Declared estimate"}
    return {
        "id": one.id,
        "claim": one.text,
        "record": {"text": one.record, "sources": list(sources.values()), "facts": facts},
        "verdict": one.verdict,
        "reading": one.reading,
        "probability": one.probability,
        "tests": [asdict(c) for c in one.chances],
        "assumptions": list(one.assumptions),
        "flips_when": [flip_dict(flip) for flip in one.flips],
    }


def flip_dict(flip: Flip) -> dict[str, Any]:
    """A change of a fact that turned the claim when it was run."""
    return {
        "fact": flip.key, "from": flip.before, "to": flip.after, "unit": flip.unit, "run": flip.run,
        "effect": f"the claim {'holds' if flip.holds_after else 'no longer holds'}", "note": flip.note,
    }  # fmt: skip


def map_dict(one: Claim, mapped: tuple[Cell, ...], crossed: tuple[Crossing, ...]) -> dict[str, Any]:
    """The map, beside the claim that it answers."""
    if one.id != "C11" or not mapped:
        return {}
    rows = [
        {
            "model": c.model, "tokens_per_second_per_user": c.speed, "requests_per_second": c.load, "gpu": c.gpu,
            "gpu_usd_per_mtok": scaled(c.gpu_cost), "wafer": c.wafer, "wafer_usd_per_mtok": scaled(c.wafer_cost),
            "probability_wafer_cheaper": c.probability, "lpu": c.lpu, "lpu_break_even_price": c.lpu_price,
        }
        for c in mapped
    ]  # fmt: skip
    lines = [
        {"model": c.model, "requests_per_second": c.load, "stated": c.speed, "p10": c.low, "p50": c.mid, "p90": c.high,
         "share_of_draws": c.share} for c in crossed
    ]  # fmt: skip
    return {"map": {"input_tokens": INPUT, "output_tokens": OUTPUT, "cells": rows, "crossings": lines}}


def scaled(cost: float | None) -> float | None:
    """USD/token as USD for a million. [USD/Mtok]"""
    return None if cost is None else cost * 1e6
