"""Whether the layout of a row can be that of its devices."""

from __future__ import annotations

from lcot.validation.deploying import completed, model_of
from lcot.validation.types import Condition, Layout


def contradiction(condition: Condition) -> str:
    """Why the stated layout cannot be that of the stated devices; empty where it can."""
    if condition.layout is None or not condition.devices:
        return ""
    main = completed(condition.layout, condition.devices)
    chips = main.chips + (condition.prefill_layout.chips if condition.prefill_layout else 0)
    if chips != condition.devices:
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
