"""Floor 8: prediction against measurement."""
