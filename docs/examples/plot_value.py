"""
What must be true for a valuation
=================================

From a share of the inference market to the value of a share of stock, and back: what does 100 billion dollars ask of
Cerebras? A model, not advice.
"""

from lcot.market.companies import company
from lcot.market.reverse import LEVERS, requirement
from lcot.market.value_worth import worth
from lcot.report.render import Picture
from lcot.report.value import as_dict
from lcot.report.value_rows import chart_of

found = worth(company("cerebras"), draws=128)
print(f"stated facts: {found.stated.equity / 1e9:.0f} billion USD")
for kind, count in found.shares.items():
    print(f"  {found.stated.equity / count:.0f} USD a share, {kind}")

# %%
# From revenue to the value: what is spent on growth of its own capacity is part of it.
Picture(chart_of(as_dict(found)))

# %%
# In reverse each lever is solved by itself, with everything else as stated; the range solves it in each draw.
for lever in LEVERS:
    need = requirement(found.terms, lever, 100e9, found.drawn_terms)
    print(
        f"{lever:9} stated {need.stated:.3g}, needed {need.needed or float('nan'):.3g}, in {need.possible:.0%} of draws"
    )

# %%
# The share of the market that each value asks for.
Picture(chart_of(as_dict(found, 100e9)))
