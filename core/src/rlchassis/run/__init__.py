"""Carrying out one configuration: build its World, execute it, watch and record it."""
