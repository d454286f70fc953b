"""Data structures: experience as tensors, trees of arrays, layouts of actions, random streams."""
