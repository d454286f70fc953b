"""Test helpers: tiny environments, experience written by hand, runs of a second."""
