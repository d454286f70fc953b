"""Frozen descriptions of networks, as configurations hold them."""
