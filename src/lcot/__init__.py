"""LCOT: the levelised cost of tokens.

Which accelerator serves this model cheapest, at this speed, under this load, and what is that worth?
"""

from importlib import metadata

__version__ = metadata.version("lcot")
