"""Layouts by what rows leave open."""

from __future__ import annotations

import pytest

from lcot.facts import catalog
from lcot.validation.deploying import completed, drafted, in_copies, model_of, plans, usual_layouts, whole_systems
from lcot.validation.points import conditions_of
from lcot.validation.types import Condition, Layout


def test_layouts_that_nobody_states_use_every_device() -> None:
    layouts = usual_layouts(catalog.system("dgx-h100"), model_of("llama-3.1-70b"), 16)
    assert all(layout.chips == 16 for layout in layouts)
    assert {(layout.tensor, layout.pipeline, layout.copies) for layout in layouts} >= {(8, 1, 2), (8, 2, 1), (1, 1, 16)}


def test_experts_that_nobody_places_may_be_spread() -> None:
    layouts = usual_layouts(catalog.system("dgx-h100"), model_of("deepseek-v3"), 16)
    assert Layout(copies=2, tensor=1, data=8, expert=8) in layouts
    assert all(one.data == 1 for one in usual_layouts(catalog.system("trn2-48xl"), model_of("deepseek-v3"), 16))


def test_services_of_unknown_size_grow_by_whole_systems() -> None:
    wafers = whole_systems(catalog.system("cs-3"), model_of("llama-3.1-70b"))
    assert [layout.pipeline for layout in wafers[:4]] == [1, 2, 3, 4]


def test_attention_ranks_are_filled_up_to_the_experts() -> None:
    assert completed(Layout(expert=4), 4) == Layout(tensor=4, expert=4)
    assert completed(Layout(tensor=2), 2) == Layout(tensor=2)
    assert completed(Layout(expert=4), 8) == Layout(expert=4)


def test_data_ranks_are_copies_where_chips_share_every_layer() -> None:
    assert in_copies(Layout(copies=2, tensor=8, data=4, expert=32)) == Layout(copies=8, tensor=8)


def row(**cells: str) -> Condition:
    return conditions_of([{"metric": "tpot_ms", "value": "1", "scenario": "interactive", **cells}])[0]


def test_a_service_that_drafts_takes_the_count_that_gains_most() -> None:
    # acceptance 0.8 and a cost of 8.03 / 70.6 a draft: (1 - 0.8^6) / 0.2 / (5 x 0.1138 + 1) = 2.35 is the most
    service = row(system="SN40L", model="meta-llama/Llama-3.1-70B", engine="vendor (SambaNova Cloud / SambaRack)")
    found = drafted(service)
    assert found is not None
    assert (found.method, found.draft_tokens) == ("draft", 5)
    assert found.acceptance_length == pytest.approx((1 - 0.8**6) / 0.2)
    assert plans(service, found)[0].deployment.draft is model_of("llama-3.1-8b")


def test_no_draft_without_the_same_vocabulary_or_the_service() -> None:
    service = "vendor (SambaNova Cloud / SambaRack)"
    assert drafted(row(system="SN40L", model="meta-llama/Llama-3.1-8B", engine=service)) is None
    assert drafted(row(system="SN40L", model="deepseek-ai/DeepSeek-R1", engine=service)) is None
    assert drafted(row(system="SN40L", model="meta-llama/Llama-3.1-70B", engine="sambaflow")) is None


def test_prompts_may_be_read_by_another_system() -> None:
    two = row(system="SN40L-16 (decode) + 4x H200 (prefill)", n_devices="20", model="meta-llama/Llama-3.1-8B",
              parallelism="prefill TP4 on H200; decode 16 RDU")  # fmt: skip
    plan = plans(two)[0]
    assert plan.prefill is not None
    assert (plan.prefill.system.id, plan.prefill.tensor) == ("hgx-h200", 4)
    assert (plan.deployment.system.id, plan.deployment.tensor) == ("sambarack-sn40l-16", 16)
