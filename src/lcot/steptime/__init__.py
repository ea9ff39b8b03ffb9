"""Floor 3: the time of one step, prefill and decode, on every family of architecture."""
