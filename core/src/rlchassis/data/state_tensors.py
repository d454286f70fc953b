"""The state of tensors, torch generators and modules, captured and restored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from attrs import define
from torch import Generator, Tensor, nn

from rlchassis.data.state_restoring import Restoration
from rlchassis.data.state_tree import Capture, State, Tagged, UncoveredState

TORCHS_OWN = frozenset(vars(nn.Module())) | {"_is_constructed"}


@define(eq=False)
class TensorCapture(Capture):
    """Capture that knows torch's objects as well."""

    constants: ClassVar[tuple[type[Any], ...]] = (*Capture.constants, torch.device, torch.dtype)

    def _object(self, value: Any, path: str) -> State:
        match value:
            case Tensor():
                return value.detach().cpu().clone() if self.copies else value.detach().cpu()
            case Generator():
                return Tagged("generator", value.get_state())
            case nn.Module():
                attributes = {name: self.state_of(each, f"{path}.{name}") for name, each in module_attributes(value)}
                return Tagged("module", {"state": self.state_of(dict(value.state_dict()), path), "attributes": attributes})
        return Capture._object(self, value, path)


@define(eq=False)
class TensorRestoration(Restoration):
    """Restoration that knows torch's objects as well; tensors are changed in place where shape and dtype are the same."""

    plain: ClassVar[tuple[type[Any], ...]] = (*Restoration.plain, Tensor)

    @torch.no_grad()
    def _restored(self, current: Any, state: State, path: str) -> Any:
        if not isinstance(state, Tensor):
            return Restoration._restored(self, current, state, path)
        if not isinstance(current, Tensor):
            self._require_plain(current, state, path)
            return state
        is_alike = current.shape == state.shape and current.dtype == state.dtype
        return current.copy_(state) if is_alike else state.to(current.device)

    def _object(self, current: Any, kind: str, content: Any, path: str) -> Any:
        match kind:
            case "generator":
                current.set_state(content)
            case "module":
                self._module(current, content, path)
            case _:
                return Restoration._object(self, current, kind, content, path)
        return current

    def _module(self, module: nn.Module, content: dict[str, Any], path: str) -> None:
        stored = self.value(None, content["state"], path)
        for name, tensor in module.state_dict().items():
            dtype = getattr(stored.get(name), "dtype", None)
            if isinstance(tensor, Tensor) and dtype not in (None, tensor.dtype):
                raise UncoveredState(f"{path}.{name} is {tensor.dtype} here, but was {dtype} when it was stored")
        module.load_state_dict(stored)
        for name, state in content["attributes"].items():
            owner, _, last = name.rpartition(".")
            if last in TORCHS_OWN or last.startswith("__"):
                raise UncoveredState(f"{path}.{name} is no attribute that has a state")
            holder = module.get_submodule(owner)
            before = getattr(holder, last, None)
            value = self.value(before, state, f"{path}.{name}")
            if value is not before:
                setattr(holder, last, value)


def module_attributes(module: nn.Module) -> Iterator[tuple[str, Any]]:
    """Attributes of a module and its submodules beside parameters, buffers and submodules, by their path."""
    for path, each in module.named_modules():
        for name, value in vars(each).items():
            if name not in TORCHS_OWN and not isinstance(value, nn.Module):
                yield (f"{path}.{name}" if path else name), value
