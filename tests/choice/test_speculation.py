"""Acceptance lengths belong to models of the catalogue and stay inside their range."""

from lcot.choice.speculation import on_record, speculation_of
from lcot.workload.models import model, model_ids


def test_every_entry_is_a_model_with_a_sourced_range():
    assert on_record()
    for name, entry in on_record().items():
        assert name in model_ids()
        assert 1 <= entry["low"] <= entry["acceptance_length"] <= entry["high"] <= 1 + entry["draft_tokens"]


def test_off_unless_asked_for():
    deepseek = model("deepseek-v3")
    assert speculation_of(deepseek, "off").method == "off"
    assert speculation_of(deepseek, "stated").acceptance_length == 1.85  # DeepSeek-V3 report, 85 to 90 % accepted
    assert speculation_of(model("llama-3.3-70b"), "stated").method == "off"
