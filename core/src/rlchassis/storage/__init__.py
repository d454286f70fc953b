"""The run directory: files, names, lock, provenance and policy file."""
