"""Floor 5: from a served load to a bill."""
