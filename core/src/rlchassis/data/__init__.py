"""Data structures: experience as tensors, trees of arrays, random streams."""
