"""What is looked through before torch reads policy.pt: all that write_policy writes passes, and nothing that shows more than there is."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
import torch
from torch import nn

from rlchassis.errors import StoredFileError, UsageError
from rlchassis.storage import policy_file
from rlchassis.storage.policy_file import StoredPolicy, read_policy, write_policy
from rlchassis.storage.torch_archive import ArchiveError, read_archive
from rlchassis.storage.torch_pickle import require_plain

TENSORS = {
    **{str(dtype): torch.ones(2, 3).to(dtype) for dtype in (torch.float32, torch.float64, torch.float16, torch.bfloat16)},
    **{str(dtype): torch.ones(3).to(dtype) for dtype in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool)},
    **{str(dtype): torch.ones(3).to(dtype) for dtype in (torch.complex64, torch.complex128, torch.uint16, torch.uint32)},
    "a number": torch.tensor(3.0),
    "nothing": torch.zeros(0, 5),
    "transposed": torch.arange(6.0).reshape(2, 3).t(),
    "channels last": torch.ones(2, 3, 4, 5).to(memory_format=torch.channels_last),
    "a view": torch.arange(10.0)[3:7],
    "a parameter": nn.Linear(2, 2).weight,
}


def saved(content):
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def test_whatever_kind_of_numbers_a_policy_has_is_stored_and_read(tmp_path):
    write_policy(tmp_path, StoredPolicy(TENSORS))
    state = read_policy(tmp_path).state
    assert all(torch.equal(state[name], tensor) and state[name].dtype is tensor.dtype for name, tensor in TENSORS.items())


@pytest.mark.parametrize("count", [0, 1, 1500])
def test_as_many_tensors_as_a_policy_has_are_stored_and_read(count, tmp_path):
    write_policy(tmp_path, StoredPolicy({f"layer.{i}": torch.tensor(float(i)) for i in range(count)}, {"text": "x" * 300}))
    assert [float(tensor) for tensor in read_policy(tmp_path).state.values()] == list(range(count))


def test_files_that_torch_saves_of_plain_tensors_are_plain():
    require_plain(*read_archive(io.BytesIO(saved({"state": dict(TENSORS) | {"a parameter": torch.ones(2)}}))))


@pytest.mark.parametrize("content", [[torch.ones(1)], {1: torch.ones(1)}, {"a": 1.5}, {"a": None}, {"a": [1]}, {"a": nn.Linear(1, 1)}])
def test_objects_that_no_policy_holds_are_refused_before_torch_reads_them(content):
    with pytest.raises(ArchiveError):
        require_plain(*read_archive(io.BytesIO(saved(content))))


def plain(offset=0, shape=(2,), strides=(1,), numbers=2):
    """The pickle of one tensor of single precision."""

    def whole(*values):
        return b"(" + b"".join(b"J" + struct.pack("<i", value) for value in values) + b"t"

    stored = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuJ" + struct.pack("<i", numbers) + b"tQ"
    hooks = b"\x89ccollections\nOrderedDict\n)R"
    placed = b"J" + struct.pack("<i", offset) + whole(*shape) + whole(*strides)
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + stored + placed + hooks + b"tR."


def test_by_hand_a_tensor_reaches_from_its_offset_to_the_end_of_its_storage():
    for fits in ({}, {"offset": 1, "shape": (1,)}, {"shape": (0,), "offset": 9}, {"shape": (2, 1), "strides": (1, 7)}):
        require_plain(plain(**fits), {"0": 8})


@pytest.mark.parametrize(
    "beyond",
    [
        {"offset": 1},
        {"shape": (3,)},
        {"shape": (3,), "strides": (0,)},
        {"strides": (2,)},
        {"shape": (2, 2), "strides": (1, 1)},
        {"offset": -1},
        {"shape": (-2,)},
        {"strides": (-1,)},
        {"strides": ()},
        {"numbers": 3},
    ],
    ids=str,
)
def test_by_hand_a_tensor_that_reaches_further_is_refused(beyond):
    with pytest.raises(ArchiveError, match=r"no plain tensor|lacks a storage"):
        require_plain(plain(**beyond), {"0": 8})


def test_a_storage_that_no_tensor_shows_is_refused():
    with pytest.raises(ArchiveError, match="does not speak of"):
        require_plain(plain(), {"0": 8, "1": 8})


def test_a_tuple_that_doubles_at_every_level_is_refused_before_it_is_hashed():
    doubled = b"".join(b"h" + bytes([i]) + b"h" + bytes([i]) + b"\x86q" + bytes([i + 1]) for i in range(100))
    with pytest.raises(ArchiveError, match="uses something twice"):
        require_plain(b"\x80\x02}(K\x00q\x00" + doubled + b"K\x01u.", {})


def test_sixteen_mebibytes_of_lists_are_refused_at_the_first():
    with pytest.raises(ArchiveError, match="EMPTY_LIST"):
        require_plain(b"\x80\x02(" + b"]" * 2**24 + b"l.", {})


def test_a_member_that_is_there_twice_is_refused(tmp_path):
    write_policy(tmp_path, StoredPolicy({"a": torch.ones(1)}))
    with zipfile.ZipFile(tmp_path / "policy.pt", "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("archive/data.pkl", b"x")
    with pytest.raises(StoredFileError, match="other members than an archive of torch"):
        read_policy(tmp_path)


@pytest.mark.parametrize(("limit", "most"), [("MOST_POLICY_BYTES", 7), ("MOST_TENSORS", 0), ("MOST_CONFIGURATION_BYTES", 2)])
def test_a_policy_too_large_to_be_read_again_is_not_stored(limit, most, tmp_path, monkeypatch):
    write_policy(tmp_path, StoredPolicy({"a": torch.ones(1)}))
    before = (tmp_path / "policy.pt").read_bytes()
    monkeypatch.setattr(policy_file, limit, most)
    with pytest.raises(UsageError, match="the policy was not stored: 1 tensors of 8 bytes and a record of 2 characters"):
        write_policy(tmp_path, StoredPolicy({"a": torch.ones(2)}))
    assert (tmp_path / "policy.pt").read_bytes() == before
