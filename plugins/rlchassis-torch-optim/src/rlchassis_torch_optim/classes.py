"""Classes of torch.optim by name, what each takes, and which cannot be used."""

from __future__ import annotations

import inspect
from difflib import get_close_matches
from typing import Any

import torch
from torch.optim import Optimizer

from rlchassis.api import UsageError

UNUSABLE = {
    "LBFGS": "it evaluates the loss several times per step",
    "SparseAdam": "it takes sparse gradients only",
    "Muon": "it takes matrices only; the optimizer muon of rlchassis-muon hands the rest to AdamW",
}
"""Classes that cannot step the parameters of a network, and why."""
ELEMENTWISE = frozenset(
    ("ASGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Rprop", "SGD"),
)
"""Classes whose update of each element depends on its own gradient only."""
FASTER_FUSED = frozenset(("Adagrad", "Adam", "AdamW"))
"""Classes whose fused step takes less time on a CPU than the plain one."""
SET_ELSEWHERE = {"params": "the algorithm hands over the parameters", "lr": "the learning rate is set by params.lr of the algorithm"}
"""Arguments that are no options, and why."""


def optimizer_class(name: object) -> type[Optimizer]:
    """The class of torch.optim of this name, or the class itself; UsageError, with the nearest name, for anything else."""
    if isinstance(name, type) and issubclass(name, Optimizer):
        return name
    known: dict[str, type[Optimizer]] = {
        each: kind for each, kind in vars(torch.optim).items() if _is_optimizer(kind) and each not in UNUSABLE
    }
    if not isinstance(name, str):
        raise UsageError(f"expected the name of a class of torch.optim, got {name!r}; write name=NAdam, for example.")
    if name in UNUSABLE:
        raise UsageError(f"torch.optim.{name} cannot be used here: {UNUSABLE[name]}.")
    if name not in known:
        raise UsageError(f'torch.optim has no optimizer "{name}".{_nearest(name, known)}')
    return known[name]


def is_of_torch(kind: type[Optimizer]) -> bool:
    """Whether it is the class of torch.optim of its name."""
    return getattr(torch.optim, kind.__name__, None) is kind


def require_options(kind: type[Optimizer], options: dict[str, Any]) -> None:
    """UsageError, with the nearest name, for an option that the class does not take."""
    parameters = inspect.signature(kind).parameters
    known = [name for name in parameters if name not in SET_ELSEWHERE]
    for option in options:
        if option in SET_ELSEWHERE:
            raise UsageError(f"{option} is no option of {kind.__name__}: {SET_ELSEWHERE[option]}; leave it out.")
        if option not in parameters and not any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
            raise UsageError(f'{kind.__name__} has no option "{option}".{_nearest(option, known)}')


def _is_optimizer(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Optimizer) and kind is not Optimizer


def _nearest(word: str, words: Any) -> str:
    by_lower_case = {each.lower(): each for each in words}
    close = get_close_matches(word.lower(), by_lower_case, n=1)
    return f' Did you mean "{by_lower_case[close[0]]}"?' if close else f" There are: {', '.join(sorted(words))}."
