"""torch optimizers that leave torch._dynamo alone until something is compiled."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any, TypeVar, cast

import torch

Made = TypeVar("Made", bound=torch.optim.Optimizer)
DECORATED = ("add_param_group", "zero_grad", "state_dict", "load_state_dict")
"""Methods whose decorator imports torch._dynamo on the first call, to exclude them from compilation."""


def without_dynamo(kind: type[Made]) -> type[Made]:
    """Subclass of a torch optimizer that does not import torch._dynamo, which takes as long as importing torch; `step` is unchanged."""
    made: type[Made] = _subclass(cast(Any, kind))
    return made


@cache
def _subclass(kind: Any) -> Any:
    plain = {name: inspect.unwrap(getattr(kind, name)) for name in DECORATED}
    return type(kind.__name__, (kind,), {**plain, "__module__": kind.__module__})
