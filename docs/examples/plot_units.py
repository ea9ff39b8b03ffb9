"""
Units at the border
===================

Inside, every number is SI, US dollars and tokens. Units exist where people write and read numbers, from one closed
table; a unit that is not in it is an error with the nearest names.
"""

from lcot.errors import UnknownName
from lcot.units import from_si, to_si

bandwidth = to_si(4.8, "TB/s")
print(f"{bandwidth:.3g} B/s, or {from_si(bandwidth, 'GB/s'):.0f} GB/s")

# %%
# A tariff in dollars a kilowatt-hour is dollars a joule inside.
print(f"{to_si(0.08, 'USD/kWh'):.3g} USD/J")

# %%
# A wrong unit never passes.
try:
    to_si(4.8, "TBps")
except UnknownName as error:
    print(error)
