from __future__ import annotations

import json
import logging
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from rlchassis.data.state_tree import Tagged
from rlchassis.errors import StoredFileError
from rlchassis.storage.checkpoint.chunks import CHUNK_BYTES
from rlchassis.storage.checkpoint.directory import read_checkpoint, write_checkpoint
from rlchassis.storage.checkpoint.manifest import checkpoints_of, newest_checkpoint

STATE = {
    "tensor": torch.arange(6).reshape(2, 3),
    "scalar": torch.tensor(2.5, dtype=torch.bfloat16),
    "array": np.zeros((0, 2), np.uint16),
    "numbers": [1, 2.5, float("nan"), float("inf"), 2**100, None, True, "é"],
    "pair": (1, Tagged("kind", {3: "x"})),
}


def flat(state: Any) -> Any:
    if isinstance(state, Tagged):
        return state.kind, flat(state.content)
    if isinstance(state, dict):
        return {key: flat(each) for key, each in state.items()}
    if isinstance(state, list | tuple):
        return type(state).__name__, [flat(each) for each in state]
    if isinstance(state, torch.Tensor | np.ndarray):
        return type(state).__name__, str(state.dtype), tuple(state.shape), state.tolist()
    return repr(state)


def test_a_state_is_read_as_it_was_written(tmp_path):
    written = write_checkpoint(tmp_path, 7, STATE, {"exact": True})
    checkpoint = newest_checkpoint(tmp_path)
    assert (checkpoint.path, checkpoint.step, checkpoint.missing) == (written.path, 7, [])
    assert flat(read_checkpoint(checkpoint)) == flat(STATE)


def test_a_large_array_is_written_in_chunks_and_only_those_that_changed_are_written_again(tmp_path):
    array = np.arange(3 * CHUNK_BYTES // 8, dtype=np.int64)
    first = write_checkpoint(tmp_path, 1, {"array": array}, {})
    array[:5] = -1
    second = write_checkpoint(tmp_path, 2, {"array": array}, {})
    assert first.num_bytes > 3 * CHUNK_BYTES
    assert CHUNK_BYTES < second.num_bytes < CHUNK_BYTES + 10_000
    assert np.array_equal(read_checkpoint(newest_checkpoint(tmp_path))["array"], array)
    write_checkpoint(tmp_path, 3, {}, {})
    write_checkpoint(tmp_path, 4, {}, {})
    assert list((tmp_path / "checkpoints/chunks").iterdir()) == []


def test_the_newest_two_checkpoints_are_kept(tmp_path):
    for step in (5, 30, 200, 200):
        write_checkpoint(tmp_path, step, {"step": step}, {})
    assert [path.name for path in checkpoints_of(tmp_path)] == ["ckpt-200", "ckpt-30"]
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["chunks", "ckpt-200", "ckpt-30"]


def damaged(path: Path, how: str) -> None:
    state, manifest = path / "state.safetensors", path / "manifest.json"
    content = state.read_bytes()
    match how:
        case "truncated":
            state.write_bytes(content[:-1])
        case "flipped":
            state.write_bytes(content[:-3] + bytes([content[-3] ^ 1]) + content[-2:])
        case "missing":
            state.unlink()
        case "a pickle":
            state.write_bytes(pickle.dumps(Mine()))
        case "a link":
            state.rename(path.parent / "elsewhere")
            state.symlink_to(path.parent / "elsewhere")
        case "without manifest":
            manifest.unlink()
        case "with another manifest":
            manifest.write_text(json.dumps({"format": 1, "step": 2}))
        case "of another format":
            manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 2'))
        case "without its chunk":
            next((path.parent / "chunks").iterdir()).unlink()


class Mine:
    def __reduce__(self) -> Any:
        return os.system, ("touch /tmp/never",)


HOW = ["truncated", "flipped", "missing", "a pickle", "a link", "without manifest", "with another manifest", "of another format"]


@pytest.mark.parametrize("how", HOW)
def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(how, tmp_path, caplog):
    for step in (1, 2):
        write_checkpoint(tmp_path, step, {"step": step}, {})
    damaged(tmp_path / "checkpoints/ckpt-2", how)
    with caplog.at_level(logging.WARNING):
        assert newest_checkpoint(tmp_path).step == 1
    assert "The checkpoint ckpt-2 is passed over: " in caplog.text


def test_a_missing_chunk_makes_a_checkpoint_damaged(tmp_path):
    write_checkpoint(tmp_path, 1, {"array": np.ones(CHUNK_BYTES)}, {})
    damaged(tmp_path / "checkpoints/ckpt-1", "without its chunk")
    with pytest.raises(StoredFileError, match=r"none of the 1 checkpoints in .* is intact"):
        newest_checkpoint(tmp_path)


def test_a_directory_without_checkpoint_is_refused(tmp_path):
    with pytest.raises(StoredFileError, match="contains no checkpoint to resume from"):
        newest_checkpoint(tmp_path)
