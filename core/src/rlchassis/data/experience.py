"""What happened, as tensors. Nothing here knows an environment, a policy or an algorithm."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Self, TypeAlias, TypeVar

import attrs
import torch
from attrs import frozen
from torch import Generator, Tensor

Observation: TypeAlias = "Tensor | dict[str, Observation]"
"""One tensor, or a dict of them for Dict spaces; all leaves share their leading dimensions."""
Metrics: TypeAlias = dict[str, Tensor]
"""Named scalars, still on their device."""

Tree = TypeVar("Tree")


def map_tensors(function: Callable[..., Tensor], tree: Tree, *others: Tree) -> Tree:
    """Apply a function leaf by leaf to trees of one shape (tensors, dicts, structs); None stays None."""
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
        raise TypeError(f"a tree of tensors is a tensor, a dict or a TensorStruct, not {type(tree).__name__}.")
    return mapped  # type: ignore[no-any-return]  # of the type of the tree, branch by branch


@cache
def _field_names(struct: Any) -> tuple[str, ...]:
    return tuple(attribute.name for attribute in attrs.fields(struct))


@frozen(eq=False)
class TensorStruct:
    """A frozen struct of tensors that share their leading dimensions; subclasses only add fields."""

    def __getitem__(self, index: Any) -> Self:
        """The same struct of a part of the rows."""
        return map_tensors(lambda tensor: tensor[index], self)

    def __len__(self) -> int:
        """The number of rows."""
        return first_tensor(self).shape[0]

    def to(self, device: torch.device) -> Self:
        """The same struct on another device."""
        return map_tensors(lambda tensor: tensor.to(device), self)

    def flatten(self, keep: Tensor | None = None) -> Self:
        """[T, N, …] → [T·N, …]; with a mask `keep` [T, N], only the rows it marks."""
        flat = map_tensors(lambda tensor: tensor.flatten(0, 1), self)
        if keep is None or bool(keep.all()):
            return flat
        return flat[keep.flatten()]

    def minibatches(self, batch_size: int | None, rng: Generator) -> Iterator[Self]:
        """Cut the rows, shuffled, into minibatches of batch_size; what is left over joins the last one. None: all rows at once."""
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
    """Apply a function of batches [B, …] to trees of [T, N, …]; its answer is [T, N, …] again."""
    rows = [map_tensors(lambda tensor: tensor.flatten(0, 1), tree) for tree in trees]
    answers = function(*rows)
    return answers.view(*first_tensor(trees[0]).shape[:2], *answers.shape[1:])


def as_tensors(arrays: Any, device: torch.device) -> Observation:
    """Numpy observations as tensors, sharing their memory where the device is the CPU."""
    if isinstance(arrays, dict):
        return {key: as_tensors(part, device) for key, part in arrays.items()}
    tensors = torch.from_numpy(arrays)
    return tensors if device.type == "cpu" else tensors.to(device)


def first_tensor(tree: Any) -> Tensor:
    """Any one leaf, for what all leaves share: leading dimensions and device."""
    while not isinstance(tree, Tensor):
        struct: Any = type(tree)
        tree = next(iter(tree.values())) if isinstance(tree, dict) else getattr(tree, _field_names(struct)[0])
    return tree


@frozen(eq=False)
class Transition(TensorStruct):
    """What a temporal-difference update needs; every field is [B, …]."""

    obs: Observation
    """Where it began."""
    actions: Tensor
    """What was done there."""
    rewards: Tensor
    """What it paid, later steps discounted."""
    next_obs: Observation
    """Where it led."""
    discounts: Tensor
    """How much what follows counts: γⁿ, or 0 after termination, so that every target is r + discount · v."""
    weights: Tensor
    """How much it counts itself."""


@frozen(eq=False)
class Experience(TensorStruct):
    """What the agent saw and did and what the environment answered; every field is [T, N, …]."""

    obs: Observation
    """What the policy saw, unprocessed."""
    actions: Tensor
    """What the policy chose, before the environment layer clipped it."""
    rewards: Tensor
    """What the environment paid."""
    next_obs: Observation
    """The true successor of obs: an episode's final observation where it ended."""
    terminated: Tensor
    """Whether the episode came to its end."""
    truncated: Tensor
    """Whether it was cut short, by a time limit for example."""
    valid: Tensor
    """Whether a row is a transition, bool [T, N]; what is not is never learned from."""
    weights: Tensor
    """Importance weights, float [T, N]: 1 unless replay draws by priority."""

    @property
    def ended(self) -> Tensor:
        """Where the trajectory breaks off after a row, bool [T, N]: its episode ended, or the next row is no transition."""
        ended = self.terminated | self.truncated
        ended[:-1] |= ~self.valid[1:]
        return ended
