"""Floor 9: the local page."""
