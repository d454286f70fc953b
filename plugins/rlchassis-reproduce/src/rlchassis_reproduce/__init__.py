"""Comparing runs: one that is run again with itself, or two with each other."""
