"""Whether the layout of a row can be that of its devices."""

from __future__ import annotations

from lcot.facts import catalog
from lcot.validation.deploying import completed, model_of
from lcot.validation.types import Condition, Layout
from lcot.workload.counts import parameters

SHARES = ("per gpu", "per accelerator", "per npu")
NARROWEST = 0.5  # bytes of a weight in four bits


def is_share(condition: Condition) -> bool:
    """Whether a row of one device gives that device's share of a larger pool.

    It does where its note says "per GPU", and where the model's weights do not fit one device in any format. A layout
    of one device is that device alone, whatever the note says of units.
    """
    if condition.devices != 1:
        return False
    if condition.layout is not None and condition.layout.chips == 1 and _fits_one(condition):
        return False
    return any(said in condition.note.lower() for said in SHARES) or not _fits_one(condition)


def _fits_one(condition: Condition) -> bool:
    if condition.system not in catalog.system_ids():
        return True
    chip = catalog.system(condition.system).chip
    key = f"memory.{chip.tiers[-1]}.capacity"
    held = chip.facts.number(key) if chip.facts.has(key) else float("inf")
    return NARROWEST * parameters(model_of(condition.model)) <= float(held)


def contradiction(condition: Condition) -> str:
    """Why the stated layout cannot be that of the stated devices; empty where it can."""
    if condition.layout is None or not condition.devices or is_share(condition):
        return ""
    main = completed(condition.layout, condition.devices)
    chips = main.chips + (condition.prefill_layout.chips if condition.prefill_layout else 0)
    alone = condition.scenario == "decode_only" and main.chips == condition.devices  # the row counts this pool only
    if chips != condition.devices and not alone:
        return f"the stated layout has {chips} devices, the row {condition.devices}"
    for layout in filter(None, (main, condition.prefill_layout)):
        wrong = _cut_wrongly(condition, layout)
        if wrong:
            return wrong
    return ""


def _cut_wrongly(condition: Condition, layout: Layout) -> str:
    stage = layout.tensor * layout.data
    experts = layout.expert * layout.expert_tensor
    if experts > 1 and experts != stage:
        return f"experts over {experts} devices, attention over {stage}"
    heads = max(block.attention.heads for block in model_of(condition.model).blocks)
    if condition.family.startswith(("NVIDIA", "AMD")) and heads and layout.tensor > 8 and heads % layout.tensor:
        return f"{heads} heads cannot be cut over {layout.tensor} devices: a whole deployment written as one width"
    return ""
