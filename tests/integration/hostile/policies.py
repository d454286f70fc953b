"""Files named policy.pt that `write_policy` would not write, though some of them look much like it."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

import torch
from pickles import STOP, named, planted
from torch import nn

Content = dict[str, Any]


def saved(content: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, **options)
    return file.getvalue()


def rewritten(whole: bytes, changes: Mapping[str, bytes | None], compression: int = zipfile.ZIP_STORED) -> bytes:
    """The archive with other members; None leaves one out."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(file, "w", compression) as new:
        root = old.namelist()[0].partition("/")[0]
        members = {name.partition("/")[2]: old.read(name) for name in old.namelist()} | dict(changes)
        for name, content in members.items():
            if content is not None:
                new.writestr(f"{root}/{name}", content)
    return file.getvalue()


def archives(good: Content, command: str) -> dict[str, bytes]:
    """What is wrong with the file as such."""
    whole = saved(good)
    seen = [zipfile.ZipFile(io.BytesIO(whole)).namelist()[0].partition("/")[0]]
    bombs = {"data/0": bytes(2**26)}
    doubled = io.BytesIO(whole)
    with zipfile.ZipFile(doubled, "a") as archive:
        archive.comment = b"planted"
        archive.writestr(f"{seen[0]}/more.pkl", planted(command)["STACK_GLOBAL"])
    return {
        "empty": b"",
        "text": b"policy",
        "a zip without members": b"PK\x05\x06" + bytes(18),
        "cut in the middle": whole[: len(whole) // 2],
        "without its last byte": whole[:-1],
        "legacy format": saved(good, _use_new_zipfile_serialization=False),
        "legacy format with a module": saved(nn.Linear(2, 2), _use_new_zipfile_serialization=False),
        "a pickle of plain data": b"\x80\x04}.",
        "a module": saved(nn.Sequential(nn.Linear(4, 2))),
        "a module among the weights": saved({**good, "state": {**good["state"], "planted": nn.Linear(1, 1)}}),
        "without data.pkl": rewritten(whole, {"data.pkl": None}),
        "without a storage": rewritten(whole, {"data/0": None}),
        "a storage cut short": rewritten(whole, {"data/0": b"\x00" * 4}),
        "another byte order": rewritten(whole, {"byteorder": b"middle"}),
        "a program in TorchScript": rewritten(whole, {"constants.pkl": b"\x80\x02).", "code/planted.py": b"import planted_module"}),
        "a compressed storage": rewritten(whole, bombs, zipfile.ZIP_DEFLATED),
        "something behind": whole + whole,
        "a comment and a pickle beside": doubled.getvalue(),
        **{
            f"data.pkl with {name}": rewritten(whole, {"data.pkl": content})
            for name, content in planted(command).items()
            if "EXT" not in name
        },
        "data.pkl that asks for torch's own loader": rewritten(whole, {"data.pkl": b"\x80\x04" + named("torch", "load") + b")R" + STOP}),
        "data.pkl that asks for a hub": rewritten(whole, {"data.pkl": b"\x80\x02ctorch.hub\nload\n)R" + STOP}),
        "data.pkl with a text of 4 GiB": rewritten(whole, {"data.pkl": b"\x80\x02X" + struct.pack("<I", 2**32 - 1) + b"x"}),
        "data.pkl 100 000 lists deep": rewritten(whole, {"data.pkl": b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + STOP}),
    }


def contents(good: Content) -> dict[str, bytes]:
    """What is wrong with what a sound file holds."""
    state = dict(good["state"])
    first = next(iter(state))
    tensor = state[first]
    weights = {
        "a weight is missing": {name: each for name, each in state.items() if name != first},
        "a weight too many": {**state, "planted": torch.ones(1)},
        "no weights": {},
        "weights of another shape": {**state, first: torch.ones(3, 3)},
        "weights of a transposed shape": {**state, first: torch.ones(tuple(reversed(tensor.shape)) or (1,))},
        "weights that are complex": {**state, first: tensor.to(torch.complex64)},
        "weights that are whole numbers": {**state, first: tensor.to(torch.int64)},
        "a weight that is nan": {**state, first: torch.full_like(tensor, float("nan"))},
        "a weight that is infinite": {**state, first: torch.full_like(tensor, float("inf"))},
        "one number seen a trillion times": {**state, first: torch.ones(1).expand(10**12)},
        "one number seen in the right shape": {**state, first: torch.ones(1).expand(tensor.shape)},
        "quantized weights": {**state, first: torch.quantize_per_tensor(tensor.float(), 0.1, 0, torch.qint8)},
        "sparse weights": {**state, first: tensor.reshape(tensor.shape[0], -1).to_sparse()},
        "weights on no device": {**state, first: torch.empty(tensor.shape, device="meta")},
        "nested tensors": {**state, first: {"a": tensor}},
    }
    frames = {
        "a format that is true": {"format": True},
        "a format that is a text": {"format": "1"},
        "a mode that is a list": {"mode": ["policy"]},
        "a record in bytes": {"record": b"{}"},
        "a record with a key twice": {"record": '{"a": 1, "a": 2}'},
        "a record with 1e999": {"record": '{"env_step": 1e999}'},
        "a record that is cut short": {"record": good["record"][:-1]},
        "weights in a tuple": {"state": tuple(state.values())},
    }
    return {
        **{name: saved({**good, "state": each}) for name, each in weights.items()},
        **{name: saved({**good, **each}) for name, each in frames.items()},
    }


def records(good: Content) -> dict[str, bytes]:
    """What is wrong with what a policy is made of; these stop whoever would make it by the record."""
    record = json.loads(good["record"])
    box, discrete = record["spaces"]["observation"], record["spaces"]["action"]
    spaces = {
        "a box beyond any memory": ("observation", {**box, "low": 0.0, "high": 1.0, "shape": [2**20, 2**20]}),
        "a box of some gigabytes": ("observation", {**box, "low": 0.0, "high": 1.0, "shape": [2**16, 2**16]}),
        "a box of a negative shape": ("observation", {**box, "low": 0.0, "high": 1.0, "shape": [-1]}),
        "a box of objects": ("observation", {**box, "dtype": "object"}),
        "a box of code": ("observation", {**box, "low": "__import__('os').system('planted')"}),
        "a dtype that is none": ("observation", {**box, "dtype": "planted_module:x"}),
        "no actions": ("action", {**discrete, "n": 0}),
        "more actions than numbers": ("action", {**discrete, "n": 10**30}),
        "more actions than memory": ("action", {**discrete, "n": 10**15}),
        "a space of another kind": ("action", {"kind": "Graph"}),
        "a space by its path": ("action", {"kind": "os:system"}),
    }
    agent = record["agent"]
    actor = agent["options"]["actor_factory"]

    def with_actor(**options: Any) -> Any:
        return {**agent, "options": {**agent["options"], "actor_factory": {**actor, "options": {**actor["options"], **options}}}}

    agents = {
        "an agent by its path": {"class": "os:system", "options": {}},
        "an agent that is not installed": {"part": "algorithm/planted", "options": {}},
        "an agent of another kind": {"part": "env/registered", "options": {"task": "CartPole-v1"}},
        "an agent that is an environment": {"part": "env/registered", "options": {"task": "planted_module:CartPole-v1"}},
        "an agent that is a text": "ppo; import planted_module",
        "an activation that is a layer": with_actor(hidden_activation="Linear"),
        "an activation by its path": with_actor(hidden_activation={"object": "os:system"}),
        "widths beyond any memory": with_actor(hidden_sizes=[2**40, 2**40]),
        "a million layers of width 0": with_actor(hidden_sizes=[0] * 1_000_000),
    }
    changed = {name: {**record, "spaces": {**record["spaces"], which: space}} for name, (which, space) in spaces.items()}
    changed |= {name: {**record, "agent": each} for name, each in agents.items()}
    return {f"the record has {name}": saved({**good, "record": json.dumps(each)}) for name, each in changed.items()}
