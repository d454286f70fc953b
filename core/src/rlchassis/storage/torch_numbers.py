"""What pickles of torch call kinds of numbers, and whether a tensor lies within its storage."""

from __future__ import annotations

import math

import torch

from rlchassis.storage.torch_archive import ArchiveError

DTYPES = {f"torch {name}": dtype.itemsize for name, dtype in vars(torch).items() if isinstance(dtype, torch.dtype)}
STORAGES = {
    "torch.storage UntypedStorage": 1,
    **dict.fromkeys(("torch BoolStorage", "torch ByteStorage", "torch CharStorage"), 1),
    **dict.fromkeys(("torch HalfStorage", "torch BFloat16Storage", "torch ShortStorage"), 2),
    **dict.fromkeys(("torch FloatStorage", "torch IntStorage"), 4),
    **dict.fromkeys(("torch DoubleStorage", "torch LongStorage", "torch ComplexFloatStorage"), 8),
    "torch ComplexDoubleStorage": 16,
}
"""Bytes of one number, by the names that pickles have for kinds of numbers."""
_MOST_DIMENSIONS = 64


def numbers_within(room: int, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> int:
    """How many numbers a tensor has; ArchiveError where it would show more than there are, or others than those in its room."""
    if len(shape) == len(strides) <= _MOST_DIMENSIONS and all(0 <= each < 2**63 for each in (offset, *shape, *strides)):
        numbers = math.prod(shape)
        end = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True)) + 1
        if numbers == 0 or (numbers <= room and end <= room):
            return numbers
    raise ArchiveError("it holds something that is no plain tensor")
