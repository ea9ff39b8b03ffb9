"""Workbooks whose formulas are the traced functions: change an input and the cost moves as it does in Python."""
