"""Checks of an agent before training, on copies, with example observations made from the spaces."""
