"""Experience as tensors, trees of arrays, random streams: what every other room is written in."""
