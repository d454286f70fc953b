"""torch.optim.Adam without the import of torch's compiler front end, which takes as long as that of torch itself."""

from __future__ import annotations

import inspect
from typing import Any

import torch


def _undecorated(name: str) -> Any:
    """A method of torch.optim.Adam below the decorator that imports torch._dynamo, when it is first called, to be skipped by it."""
    return inspect.unwrap(getattr(torch.optim.Adam, name))


class Adam(torch.optim.Adam):
    """torch.optim.Adam; in compiled updates as well, which step it and call none of these."""

    add_param_group = _undecorated("add_param_group")
    zero_grad = _undecorated("zero_grad")
    state_dict = _undecorated("state_dict")
    load_state_dict = _undecorated("load_state_dict")
