"""policy.pt: the weights of a policy and a metadata record; reading executes no code from the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from attrs import field, frozen
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from rlchassis.config import Mode
from rlchassis.config.limits import MOST_CONFIGURATION_BYTES, MOST_POLICY_BYTES, MOST_RECORD_VALUES, MOST_TENSORS
from rlchassis.errors import StoredFileError, UsageError
from rlchassis.storage.files import POLICY_FILENAME, write_atomically
from rlchassis.storage.reading import is_there, open_stored, parse_json
from rlchassis.storage.torch_archive import ArchiveError, read_archive
from rlchassis.storage.torch_pickle import require_plain

FORMAT = 1


@frozen(eq=False)
class StoredPolicy:
    """Content of a policy file."""

    state: dict[str, Tensor]
    """The policy's state_dict."""
    record: dict[str, Any] = field(factory=dict)
    """Plain data: env_step, the test that chose it, and in Mode.POLICY the spaces and the configuration of the agent."""
    mode: Mode = Mode.POLICY_STATE_DICT

    def restore_into(self, policy: nn.Module, source: str) -> None:
        """Load the weights into a policy; StoredFileError with the first difference, before any weight is changed."""
        found = difference(self.state, policy.state_dict())
        if found:
            raise StoredFileError(f"{source} holds another kind of policy: {found}; restore it with the configuration it was stored with.")
        policy.load_state_dict(self.state)


def difference(stored: dict[str, Tensor], own: dict[str, Tensor]) -> str | None:
    """First difference of names, shapes or dtypes, or None; lazy parameters match any shape."""
    for name in sorted(own.keys() | stored.keys()):
        if name not in stored:
            return f"it lacks {name}"
        if name not in own:
            return f"it has {name}, which this one has not"
        if is_lazy(own[name]):
            continue
        if stored[name].shape != own[name].shape:
            return f"{name} is {list(stored[name].shape)} there and {list(own[name].shape)} here"
        if stored[name].dtype != own[name].dtype:
            return f"{name} is of {stored[name].dtype} there and of {own[name].dtype} here"
    return None


def write_policy(directory: Path, stored: StoredPolicy) -> None:
    """Replace the policy file of a directory atomically; FloatingPointError if a weight is not finite."""
    state = {name: tensor.detach().cpu().clone() for name, tensor in stored.state.items()}
    broken = next((name for name, tensor in state.items() if not is_finite(tensor)), None)
    if broken:
        raise FloatingPointError(f"the policy was not stored: {broken} holds numbers that are not finite; try a smaller learning rate.")
    content = {"format": FORMAT, "mode": stored.mode.value, "state": state, "record": json.dumps(stored.record, allow_nan=False)}
    _require_readable(content)
    write_atomically(directory / POLICY_FILENAME, lambda file: torch.save(content, file, pickle_protocol=2))


def _require_readable(content: dict[str, Any]) -> None:
    """UsageError if the content exceeds the limits of read_policy."""
    state, record = content["state"], content["record"]
    num_bytes = sum(tensor.numel() * tensor.element_size() for tensor in state.values())
    if num_bytes > MOST_POLICY_BYTES or len(state) > MOST_TENSORS or len(record) > MOST_CONFIGURATION_BYTES // 2:
        raise UsageError(
            f"the policy was not stored: {len(state)} tensors of {num_bytes} bytes and a record of {len(record)} characters are more than "
            f"a policy file may hold ({MOST_TENSORS}, {MOST_POLICY_BYTES}, {MOST_CONFIGURATION_BYTES // 2}); make the networks smaller."
        )


def read_policy(directory: Path, device: torch.device | str = "cpu") -> StoredPolicy:
    """Read the policy file of a directory with torch's weights_only; StoredFileError for any other content than write_policy's."""
    path = Path(directory) / POLICY_FILENAME
    if not is_there(path):
        raise StoredFileError(f"{path.parent} holds no {POLICY_FILENAME}; name the directory of a run that has stored a policy.")
    with open_stored(path, MOST_POLICY_BYTES + 2 * MOST_CONFIGURATION_BYTES) as file:
        try:
            require_plain(*read_archive(file))
            file.seek(0)
            content = torch.load(file, map_location=device, weights_only=True)
        except ArchiveError as error:
            raise StoredFileError(f"{path} is no policy file that is safe to open ({error}); it was not opened.") from error
        except Exception as error:  # whatever a strange file makes of torch's reader
            raise StoredFileError(f"{path} is no policy file that is safe to open; it is damaged or not written by rlchassis.") from error
    return _checked(content, path)


def _checked(content: Any, path: Path) -> StoredPolicy:
    match content:
        case {"format": int(version), "mode": str(mode), "state": dict(state), "record": str(record), **rest} if not rest:
            pass
        case _:
            raise StoredFileError(f"{path} is not laid out as a policy file of rlchassis.")
    if version is True or version != FORMAT or mode not in {each.value for each in Mode}:
        raise StoredFileError(
            f"{path} has format {version}, mode {mode!r}, written by another version of rlchassis; update rlchassis-core."
        )
    if not all(isinstance(name, str) and _plain(tensor) for name, tensor in state.items()):
        raise StoredFileError(f"{path} holds something that is no plain tensor among its weights.")
    if not all(is_finite(tensor) for tensor in state.values()):
        raise StoredFileError(f"{path} holds weights that are not finite.")
    data = parse_json(record, str(path), MOST_RECORD_VALUES)
    if not isinstance(data, dict):
        raise StoredFileError(f"{path} has a damaged record.")
    return StoredPolicy(state, data, Mode(mode))


def _plain(value: Any) -> bool:
    """Whether it is a dense tensor with its full storage, not an expanded one."""
    if not (isinstance(value, Tensor) and value.layout is torch.strided and not value.is_meta and not value.is_quantized):
        return False
    return value.numel() * value.element_size() <= value.untyped_storage().nbytes()


def is_finite(tensor: Tensor) -> bool:
    """Whether a tensor holds finite numbers only."""
    return not (tensor.is_floating_point() or tensor.is_complex()) or bool(torch.isfinite(tensor).all())
