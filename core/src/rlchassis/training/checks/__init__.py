"""Checks of settings before the first step, and of what algorithms and policies return."""
