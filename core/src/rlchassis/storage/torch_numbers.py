"""Names of dtypes and storages in torch pickles, and the bounds check of tensors."""

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
"""Item size in bytes, by storage class name in pickles."""
_MOST_DIMENSIONS = 64


def numbers_within(capacity: int, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> int:
    """Number of elements of a tensor; ArchiveError if it exceeds or lies outside of its storage of `capacity` elements."""
    if len(shape) == len(strides) <= _MOST_DIMENSIONS and all(0 <= each < 2**63 for each in (offset, *shape, *strides)):
        numbers = math.prod(shape)
        end = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True)) + 1
        if numbers == 0 or (numbers <= capacity and end <= capacity):
            return numbers
    raise ArchiveError("it holds something that is no plain tensor")
