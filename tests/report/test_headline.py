"""The answer in one sentence."""

import pytest

from lcot.report.headline import headline

FIRST = {"name": "A box", "status": "ranked", "usd_per_mtok": {"p50": None, "blended": 0.25}}
ASKED = {"model": "m", "tokens_per_second_per_user": 50.0, "requests_per_second": 2000.0}


@pytest.mark.parametrize(
    ("question", "systems", "said"),
    [
        (ASKED, [FIRST], "A box is the cheapest for m at 50 tokens/s a user under 2,000 requests/s: $0.25 per"),
        (ASKED, [{**FIRST, "usd_per_mtok": {"p50": 0.3, "blended": 0.25}}], "$0.3 per million tokens."),
        ({**ASKED, "tokens_per_second_per_user": None, "requests_per_second": None}, [FIRST], "for m under the site's"),
        (ASKED, [{**FIRST, "status": "unpriced"}], "No system on sale with a sourced price serves m at 50 tokens/s"),
    ],
)
def test_it_says_who_for_what_and_at_what_cost(question, systems, said):
    assert said in headline({"question": question, "systems": systems})
