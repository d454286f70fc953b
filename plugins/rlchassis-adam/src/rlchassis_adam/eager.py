"""torch.optim.Adam without importing torch._dynamo, which takes as long to import as torch itself."""

from __future__ import annotations

import inspect
from typing import Any

import torch


def _undecorated(name: str) -> Any:
    """A method of torch.optim.Adam without the decorator that imports torch._dynamo on the first call to exclude it from compilation."""
    return inspect.unwrap(getattr(torch.optim.Adam, name))


class Adam(torch.optim.Adam):
    """torch.optim.Adam with undecorated methods; compiled updates call `step` only, which is unchanged."""

    add_param_group = _undecorated("add_param_group")
    zero_grad = _undecorated("zero_grad")
    state_dict = _undecorated("state_dict")
    load_state_dict = _undecorated("load_state_dict")
