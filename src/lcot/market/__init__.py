"""Floor 7: demand, supply, shares and value."""
