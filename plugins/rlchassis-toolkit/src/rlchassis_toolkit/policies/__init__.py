"""Kinds of policies and the distributions that they act by."""
