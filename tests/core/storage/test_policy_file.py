"""policy.pt: what it holds, what it refuses to hold, and what of a stranger's file is never obeyed."""

from __future__ import annotations

import json
import os
import random
import zipfile
from pathlib import Path

import pytest
import torch
from torch import nn

from rlchassis.config import Mode
from rlchassis.errors import StoredFileError
from rlchassis.experiment import load_policy
from rlchassis.storage.policy_file import StoredPolicy, read_policy, write_policy


class Planted:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def content(**changes):
    return {"format": 1, "mode": "policy", "state": {"a": torch.ones(2)}, "record": "{}", **changes}


def written(folder, data):
    torch.save(data, folder / "policy.pt")
    return folder


def test_a_policy_that_is_written_is_read_again(tmp_path):
    state = {"a": torch.arange(3.0), "b": torch.tensor([1, 2])}
    write_policy(tmp_path, StoredPolicy(state, {"env_step": 3}, Mode.POLICY))
    stored = read_policy(tmp_path)
    assert (stored.mode, stored.record) == (Mode.POLICY, {"env_step": 3})
    assert all(torch.equal(stored.state[name], tensor) for name, tensor in state.items())
    assert [path.name for path in tmp_path.iterdir()] == ["policy.pt"]


def test_a_view_is_stored_without_the_storage_it_is_part_of(tmp_path):
    write_policy(tmp_path, StoredPolicy({"a": torch.zeros(1_000_000)[:2]}))
    assert (tmp_path / "policy.pt").stat().st_size < 10_000


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_not_finite_are_never_stored_and_spare_the_file_before(tmp_path, number):
    write_policy(tmp_path, StoredPolicy({"a": torch.ones(1)}))
    before = (tmp_path / "policy.pt").read_bytes()
    with pytest.raises(FloatingPointError, match="the policy was not stored: a holds"):
        write_policy(tmp_path, StoredPolicy({"a": torch.tensor([number])}))
    assert (tmp_path / "policy.pt").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["policy.pt"]


HOSTILE = {
    "a module": nn.Linear(1, 1),
    "a tensor": torch.ones(1),
    "nothing": None,
    "a key too many": content(more=1),
    "a key too few": {"format": 1, "state": {}},
    "another format": content(format=2),
    "another mode": content(mode="whole"),
    "a list of weights": content(state=[torch.ones(1)]),
    "a number among weights": content(state={"a": 1.0}),
    "a weight without name": content(state={1: torch.ones(1)}),
    "not finite": content(state={"a": torch.tensor([float("nan")])}),
    "not finite, complex": content(state={"a": torch.tensor([complex("nan")])}),
    "no numbers": content(state={"a": torch.empty(2, device="meta")}),
    "sparse": content(state={"a": torch.eye(2).to_sparse()}),
    "a record that is no JSON": content(record="{"),
    "a record that is no dict": content(record="[]"),
    "a record too deep": content(record="[" * 100_000),
    "a record with NaN": content(record='{"env_step": NaN}'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_write_policy_would_not_write_is_refused_in_one_sentence(name, tmp_path):
    with pytest.raises(StoredFileError, match=r"^[^\n]*\.$"):
        read_policy(written(tmp_path, HOSTILE[name]))


@pytest.mark.parametrize("place", ["whole", "state", "record"])
def test_code_in_a_file_is_never_run(place, tmp_path):
    planted = Planted(tmp_path / "planted")
    written(tmp_path, planted if place == "whole" else content(**{place: planted}))
    with pytest.raises(StoredFileError, match="safe to open"):
        read_policy(tmp_path)
    assert not (tmp_path / "planted").exists()


def test_a_damaged_file_is_refused_wherever_it_is_damaged(tmp_path):
    write_policy(tmp_path, StoredPolicy({"a": torch.arange(50.0)}, {"env_step": 1}))
    whole, file, rng = (tmp_path / "policy.pt").read_bytes(), tmp_path / "policy.pt", random.Random(1)
    damaged = [whole[:size] for size in (0, 1, 10, len(whole) // 2, len(whole) - 1)]
    for _ in range(150):
        changed = bytearray(whole)
        for _ in range(3):
            changed[rng.randrange(len(whole))] = rng.randrange(256)
        damaged.append(bytes(changed))
    for each in damaged:
        file.write_bytes(each)
        try:
            stored = read_policy(tmp_path)
        except StoredFileError:
            continue
        assert all(torch.isfinite(tensor).all() for tensor in stored.state.values())


def test_a_missing_policy_is_said(tmp_path):
    with pytest.raises(StoredFileError, match="holds no policy"):
        read_policy(tmp_path)


DIFFERENT = {
    "it lacks weight": {"bias": torch.zeros(1)},
    "it has more": {"bias": torch.zeros(1), "weight": torch.zeros(1, 2), "more": torch.zeros(1)},
    r"weight is \[1, 3\] there and \[1, 2\] here": {"bias": torch.zeros(1), "weight": torch.zeros(1, 3)},
}


@pytest.mark.parametrize("said", DIFFERENT)
def test_other_shapes_are_refused_before_a_weight_is_touched(said):
    policy = nn.Linear(2, 1)
    before = [p.clone() for p in policy.parameters()]
    with pytest.raises(StoredFileError, match=said):
        StoredPolicy(DIFFERENT[said]).restore_into(policy, "there")
    assert all(map(torch.equal, before, policy.parameters()))


BOX = {"type": "Box"}


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"spaces": {}},
        {"spaces": 1, "agent": {}},
        {"spaces": {"observation": {}, "action": {}}, "agent": {}},
        {"spaces": {"observation": json.loads("[" * 300 + "]" * 300), "action": {}}, "agent": {}},
        {"spaces": {"observation": None, "action": None}, "agent": {"part": "algorithm/none", "options": {}}},
        {"spaces": {}, "agent": {"class": "os:system", "options": {}}},
        {"spaces": {}, "agent": {"part": "optimizer/adam", "options": {}}},
    ],
    ids=lambda record: str(record)[:60],
)
def test_a_policy_whose_record_is_damaged_cannot_act_and_says_so_in_one_sentence(record, tmp_path):
    write_policy(tmp_path, StoredPolicy({"a": torch.ones(1)}, record, Mode.POLICY))
    with pytest.raises(StoredFileError) as caught:
        load_policy(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_path_may_be_a_text(tmp_path):
    write_policy(Path(tmp_path), StoredPolicy({"a": torch.ones(1)}))
    assert read_policy(str(tmp_path)).state.keys() == {"a"}


def rezipped(folder, compression):
    """The same members in an archive of another making."""
    with zipfile.ZipFile(folder / "policy.pt") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(folder / "policy.pt", "w", compression) as archive:
        for name, each in members.items():
            archive.writestr(name, each)


def test_a_file_that_would_unfold_to_more_than_it_is_is_not_opened(tmp_path, monkeypatch):
    write_policy(tmp_path, StoredPolicy({"a": torch.zeros(2**20)}))
    rezipped(tmp_path, zipfile.ZIP_STORED)
    assert read_policy(tmp_path).state["a"].shape == (2**20,)
    rezipped(tmp_path, zipfile.ZIP_DEFLATED)
    assert (tmp_path / "policy.pt").stat().st_size < 2**20
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("it was opened"))
    with pytest.raises(StoredFileError, match="it was not opened"):
        read_policy(tmp_path)


def test_something_before_the_archive_is_refused(tmp_path):
    write_policy(tmp_path, StoredPolicy({"a": torch.ones(1)}))
    file = tmp_path / "policy.pt"
    whole = file.read_bytes()
    for before in (b"#!/bin/sh\n", whole):
        file.write_bytes(before + whole)
        with pytest.raises(StoredFileError, match="no policy file"):
            read_policy(tmp_path)


def test_one_number_shown_often_is_no_weight(tmp_path):
    with pytest.raises(StoredFileError, match="no plain tensor"):
        read_policy(written(tmp_path, content(state={"a": torch.ones(1).expand(3)})))


def test_weights_of_another_kind_of_number_are_refused():
    policy = nn.Linear(1, 1)
    state = {name: tensor.double() for name, tensor in policy.state_dict().items()}
    with pytest.raises(StoredFileError, match=r"bias is of torch\.float64 there and of torch\.float32 here"):
        StoredPolicy(state).restore_into(policy, "there")
