"""The run directory: its files, names, lock, provenance and policy file. Takes values, never a World."""
