"""State trees as bytes: tensors in the safetensors format, plain values as JSON in its header, large arrays as names of chunks."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
from attrs import define, field
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, from_numpy

from rlchassis.config.limits import MOST_RECORD_VALUES
from rlchassis.data.state_tree import State, Tagged
from rlchassis.errors import StoredFileError, text_of
from rlchassis.storage.checkpoint.chunks import CHUNK_BYTES, Chunks
from rlchassis.storage.reading import parse_json

FORMAT = "1"
SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64")


@define(eq=False)
class Encoder:
    """Encodes one state tree."""

    chunks: Chunks
    _tensors: dict[str, Tensor] = field(factory=dict, init=False)
    _names: dict[Any, str] = field(factory=dict, init=False)

    def encode(self, state: State) -> bytes:
        """The content of a file with this state; large arrays are written as chunks."""
        data = json.dumps(self._data(state), allow_nan=False, separators=(",", ":"))
        return save(self._tensors, metadata={"format": FORMAT, "state": data})

    def _data(self, state: State) -> Any:
        match state:
            case None | bool() | int() | str():
                return state
            case float():
                return state if math.isfinite(state) else ["float", str(state)]
            case Tensor():
                return ["tensor", self._name(state.contiguous())]
            case np.ndarray():
                return self._array(state)
            case list() | tuple():
                return [type(state).__name__, *map(self._data, state)]
            case dict():
                return ["dict", *([key, self._data(each)] for key, each in state.items())]
            case Tagged():
                return ["object", state.kind, self._data(state.content)]
        raise TypeError(f"a state holds an object of {type(state).__name__}")

    def _array(self, array: np.ndarray[Any, Any]) -> Any:
        if array.nbytes > CHUNK_BYTES:
            return ["chunks", array.dtype.name, list(array.shape), *self.chunks.store(array)]
        return ["array", self._name(from_numpy(np.ascontiguousarray(array).reshape(array.shape)))]

    def _name(self, tensor: Tensor) -> str:
        """Name of a tensor in the file; one that is met twice is written once."""
        name = self._names.setdefault((tensor.data_ptr(), tensor.dtype, tensor.shape), str(len(self._tensors)))
        self._tensors.setdefault(name, tensor)
        return name


def decode(content: bytes, chunks: Chunks, source: str) -> State:
    """Read the output of Encoder.encode; StoredFileError, with the source, for anything else."""
    try:
        text = content[8 : 8 + int.from_bytes(content[:8], "little")].decode("utf-8")
        match parse_json(text, source, MOST_RECORD_VALUES):
            case {"__metadata__": {"format": "1", "state": str(state)}}:
                return _Decoder(load(content), chunks).state(parse_json(state, source, MOST_RECORD_VALUES))
    except StoredFileError:
        raise
    except (SafetensorError, KeyError, TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise StoredFileError(f"{source} is damaged or not written by rlchassis ({text_of(error)}).") from error
    raise StoredFileError(f"{source} is not laid out as the state of a checkpoint of format {FORMAT}.")


@define(eq=False)
class _Decoder:
    tensors: dict[str, Tensor]
    chunks: Chunks

    def state(self, data: Any) -> State:
        match data:
            case None | bool() | int() | float() | str():
                return data
            case ["float", str(name)]:
                return SPECIAL[name]
            case ["tensor", str(name)]:
                return self.tensors[name]
            case ["array", str(name)]:
                return self.tensors[name].numpy()
            case ["chunks", str(dtype), [*shape], *names] if dtype in DTYPES:
                return self.chunks.load(dtype, shape, names)
            case ["list", *parts]:
                return list(map(self.state, parts))
            case ["tuple", *parts]:
                return tuple(map(self.state, parts))
            case ["dict", *pairs]:
                return {_key(key): self.state(each) for key, each in pairs}
            case ["object", str(kind), content]:
                return Tagged(kind, self.state(content))
        raise ValueError(f"an unknown part {str(data)[:50]}")


def _key(key: Any) -> str | int:
    if type(key) in (str, int):
        return key  # type: ignore[no-any-return]  # of one of these
    raise ValueError(f"an unknown key {str(key)[:50]}")
