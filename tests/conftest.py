"""Property tests try the same examples in every run, so that a change is judged by itself.

``LCOT_EXPLORE=1`` tries new ones: for a search for faults, not for a verdict.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile("explore" if os.environ.get("LCOT_EXPLORE") else "same")
