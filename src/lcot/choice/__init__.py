"""Floor 6: which deployment, which system, how sure."""
