"""Floor 4: what users get under load."""
