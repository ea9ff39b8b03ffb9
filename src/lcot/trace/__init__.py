"""Floor 8, below the output: the formulas of an answer, traced from the functions that computed it."""
