"""Encoding of configurations as plain data, decoding and limits."""
