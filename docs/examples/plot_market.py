"""
Who takes what share, and what a token costs
============================================

A scenario solved year by year: demand meets supply, buyers choose, the stock ages. A few draws are enough to look at;
``lcot market`` takes 64.
"""

from lcot.market.outlook import market
from lcot.market.scenario import scenario
from lcot.report.charts.market_outlook import charts
from lcot.report.market import as_dict
from lcot.report.market_text import verdict
from lcot.report.render import Picture

answer = as_dict(market(scenario("goldman"), draws=8))
print(verdict(answer))

# %%
# Compute added in each year, inference and training. The first year is on record.
made = charts(answer)
Picture(made["shares"])

# %%
# The levelised cost of a token on capacity added in the year, over the reference models of all segments.
Picture(made["cost"])

# %%
# What is short: rents over the yearly cost of the chips that need it.
Picture(made["rents"])
