"""Layouts by what rows leave open."""

from __future__ import annotations

from lcot.facts import catalog
from lcot.validation.deploying import completed, model_of, usual_layouts, whole_systems
from lcot.validation.types import Layout


def test_layouts_that_nobody_states_use_every_device() -> None:
    layouts = usual_layouts(catalog.system("dgx-h100"), model_of("llama-3.1-70b"), 16)
    assert all(layout.chips == 16 for layout in layouts)
    assert {(layout.tensor, layout.pipeline, layout.copies) for layout in layouts} >= {(8, 1, 2), (8, 2, 1), (1, 1, 16)}


def test_services_of_unknown_size_grow_by_whole_systems() -> None:
    wafers = whole_systems(catalog.system("cs-3"), model_of("llama-3.1-70b"))
    assert [layout.pipeline for layout in wafers[:4]] == [1, 2, 3, 4]


def test_attention_ranks_are_filled_up_to_the_experts() -> None:
    assert completed(Layout(expert=4), 4) == Layout(tensor=4, expert=4)
    assert completed(Layout(tensor=2), 2) == Layout(tensor=2)
    assert completed(Layout(expert=4), 8) == Layout(expert=4)
