"""Floor 8: charts, tables and files."""
