"""Environments in supervised worker processes that share memory with the run."""
