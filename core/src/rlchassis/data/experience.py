"""Experience and transitions as structs of tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Self, TypeAlias, TypeVar

import attrs
import torch
from attrs import field, frozen
from torch import Generator, Tensor

Observation: TypeAlias = "Tensor | dict[str, Observation]"
"""One tensor, or a dict of them for Dict spaces; all leaves share their leading dimensions."""
Metrics: TypeAlias = dict[str, Tensor]
"""Named scalar tensors, on their device."""

Tree = TypeVar("Tree")


def map_tensors(function: Callable[..., Tensor], tree: Tree, *others: Tree) -> Tree:
    """Apply a function to the leaves of trees of equal structure (tensors, dicts, TensorStructs); None stays None."""
    mapped: Any = tree
    if isinstance(tree, Tensor):
        mapped = function(tree, *others)
    elif isinstance(tree, dict):
        mapped = {key: map_tensors(function, value, *(other[key] for other in others)) for key, value in tree.items()}  # type: ignore[index]  # the others have the shape of the tree
    elif isinstance(tree, TensorStruct):
        struct: Any = type(tree)
        names = _field_names(struct)
        mapped = struct(*[map_tensors(function, getattr(tree, n), *(getattr(o, n) for o in others)) for n in names])
    elif tree is not None:
        raise TypeError(f"expected a tensor, a dict or a TensorStruct, got {type(tree).__name__}.")
    return mapped  # type: ignore[no-any-return]  # of the type of the tree, branch by branch


@cache
def _field_names(struct: Any) -> tuple[str, ...]:
    return tuple(attribute.name for attribute in attrs.fields(struct))


@frozen(eq=False)
class TensorStruct:
    """Frozen struct of tensors with common leading dimensions; subclasses only add fields."""

    def __getitem__(self, index: Any) -> Self:
        """Index the leading dimension of every tensor."""
        return map_tensors(lambda tensor: tensor[index], self)

    def __len__(self) -> int:
        """Size of the first dimension."""
        return first_tensor(self).shape[0]

    def to(self, device: torch.device) -> Self:
        """Move all tensors to a device."""
        return map_tensors(lambda tensor: tensor.to(device), self)

    def flatten(self, keep: Tensor | None = None) -> Self:
        """Flatten [T, N, …] to [T·N, …]; keep: bool mask [T, N] of the rows to keep."""
        flat = map_tensors(lambda tensor: tensor.flatten(0, 1), self)
        if keep is None or bool(keep.all()):
            return flat
        return flat[keep.flatten()]

    def minibatches(self, batch_size: int | None, rng: Generator) -> Iterator[Self]:
        """Iterate over shuffled minibatches of batch_size rows; the remainder is added to the last one. None: one batch of all rows."""
        size = len(self)
        if batch_size is None or size < 2 * batch_size:
            yield self
            return
        order = torch.randperm(size, generator=rng, device=rng.device)
        shuffled = map_tensors(lambda tensor: tensor[order], self)
        count = size // batch_size
        for i in range(count):
            start, end = i * batch_size, (i + 1) * batch_size if i < count - 1 else size
            yield map_tensors(lambda tensor, rows=slice(start, end): tensor[rows], shuffled)


def by_row(function: Callable[..., Tensor], *trees: Any) -> Tensor:
    """Apply a function of batches [B, …] to trees [T, N, …]; returns [T, N, …]."""
    rows = [map_tensors(lambda tensor: tensor.flatten(0, 1), tree) for tree in trees]
    values = function(*rows)
    return values.view(*first_tensor(trees[0]).shape[:2], *values.shape[1:])


def as_tensors(arrays: Any, device: torch.device) -> Observation:
    """Convert numpy observations to tensors, which share memory on the CPU."""
    if isinstance(arrays, dict):
        return {key: as_tensors(part, device) for key, part in arrays.items()}
    tensors = torch.from_numpy(arrays)
    return tensors if device.type == "cpu" else tensors.to(device)


def first_tensor(tree: Any) -> Tensor:
    """One leaf of a tree, for the common leading dimensions and device."""
    while not isinstance(tree, Tensor):
        struct: Any = type(tree)
        tree = next(iter(tree.values())) if isinstance(tree, dict) else getattr(tree, _field_names(struct)[0])
    return tree


@frozen(eq=False)
class Transition(TensorStruct):
    """Transitions for temporal-difference updates; every field is [B, …]."""

    obs: Observation
    """Observations s."""
    actions: Tensor
    """Actions a."""
    rewards: Tensor
    """n-step rewards Σ γᵏ r, float [B]."""
    next_obs: Observation
    """Next observations s′, after n steps."""
    discounts: Tensor
    """Bootstrap discounts, float [B]: γⁿ, or 0 after termination, so that the TD target is r + discount · v(s′)."""
    weights: Tensor
    """Importance weights of the loss, float [B]."""


@frozen(eq=False)
class Experience(TensorStruct):
    """Experience of N environments over T steps; every field is [T, N, …]."""

    obs: Observation
    """Raw observations, before any policy wrapper."""
    actions: Tensor
    """Actions returned by the policy, before they are scaled and clipped to the action space."""
    rewards: Tensor
    """Raw rewards, float [T, N]."""
    next_obs: Observation
    """Next observations; the final observation where an episode ended, not that of the reset."""
    terminated: Tensor
    """Whether the episode terminated (no bootstrap), bool [T, N]."""
    truncated: Tensor
    """Whether the episode was truncated, for example by a time limit (bootstrap), bool [T, N]."""
    valid: Tensor
    """Whether the row is a transition, bool [T, N]; other rows are padding and must not be trained on."""
    weights: Tensor
    """Importance weights, float [T, N]: 1 unless replay is prioritized."""
    columns: dict[str, Observation] = field(factory=dict)
    """Columns: further values by name, trees of tensors [T, N, …], that the policy or the environment records; empty by default."""

    @property
    def ended(self) -> Tensor:
        """Whether the trajectory ends at a row, bool [T, N]: its episode ended, or the next row is not a transition."""
        ended = self.terminated | self.truncated
        ended[:-1] |= ~self.valid[1:]
        return ended
