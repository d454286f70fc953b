"""Trees of state that do not decode, or from which no run can go on."""

from __future__ import annotations

from typing import Any

from checkpoint_layout import BEFORE, CHUNK, STEPS, Edit
from checkpoint_trees import edited, put


def malformed() -> dict[str, Edit]:
    """Trees that do not decode: unknown kinds, and arrays that do not fit their chunks."""
    chunks = ["chunks", "float32", [2**20]]
    return {
        "a tree that is a number": lambda tree: 1,
        "a tree that is a list": lambda tree: ["list", tree],
        "a tree of nothing": lambda tree: ["dict"],
        "an unknown part": put(learner=["call", "os.system", "true"]),
        "an unknown kind of object": put(learner=["object", "os.system", "true"]),
        "a tensor that is not there": put(learner=["tensor", "none"]),
        "a dict with a list for a key": lambda tree: ["dict", [["a"], 1], *tree[1:]],
        "an array of objects": put(buffer=["chunks", "object", [1], CHUNK]),
        "an array of dates": put(buffer=["chunks", "datetime64", [1], CHUNK]),
        "an array of texts": put(buffer=["chunks", "str128", [1], CHUNK]),
        "a chunk elsewhere": put(buffer=[*chunks, "../../../victim"]),
        "a chunk that is missing": put(buffer=[*chunks, CHUNK]),
        "a chunk that is a number": put(buffer=[*chunks, 1]),
        "an array of no chunks": put(buffer=["chunks", "float32", [2**40]]),
        "an array of negative shape": put(buffer=["chunks", "float32", [-1, -(2**20)], CHUNK]),
        "an array of a shape of halves": put(buffer=["chunks", "float32", [0.5], CHUNK]),
        "an array of a shape of truths": put(buffer=["chunks", "float32", [True], CHUNK]),
        "an array of 2^60 numbers in one chunk": put(buffer=["chunks", "float32", [2**60], CHUNK]),
        "an array of 2^37 bytes in chunks": put(buffer=["chunks", "int8", [2**37], *[CHUNK] * 2**15]),
        "a shape of 100 000 dimensions": put(buffer=["chunks", "int8", [1] * 100_000, CHUNK]),
    }


def unusable() -> dict[str, Edit]:
    """Trees that decode, but hold what no run can go on from."""
    words = ["list", *[0] * 624]
    beyond = ["dict", ["key", words], ["pos", 10**8]]
    return {
        "no policy": lambda tree: ["dict", *(pair for pair in tree[1:] if pair[0] != "policy")],
        "a policy that is a number": put(policy=1),
        "a policy of no weights": put("policy", state=["dict"]),
        "a policy of another kind": put(policy=["object", "python generator", ["list"]]),
        "a policy with a tensor more": edited("policy", "state", edit=lambda part: _with(part, "more", ["tensor", "0"])),
        "weights of another shape": _all_weights(["array", "0"]),
        "weights that are texts": _all_weights("x"),
        "an attribute that all objects have": put("policy", attributes=["dict", ["__class__", 1]]),
        "an attribute of a class": put("policy", attributes=["dict", ["__class__.forward", 1]]),
        "an attribute of a function": put("policy", attributes=["dict", ["forward.__globals__.x", 1]]),
        "attributes of torch itself": put("policy", attributes=["dict", ["_parameters", ["dict"]]]),
        "an attribute of a network that is not there": put("policy", attributes=["dict", ["nobody.x", 1]]),
        "optimizers that are a number": put(optimizers=1),
        "no optimizers": put(optimizers=["list"]),
        "a generator beyond its words": put(sampler=_generator(bit_generator="MT19937", state=beyond)),
        "the generator of numpy beyond its words": edited("global generators", "numpy", edit=lambda part: [*part[:3], 10**8, *part[4:]]),
        "the generator of numpy before its words": edited("global generators", "numpy", edit=lambda part: [*part[:3], -5, *part[4:]]),
        "the generator of Python beyond its words": put("global generators", python=["tuple", 3, ["tuple", *[0] * 624, 10**8], None]),
        "generators of nothing": put(**{"global generators": ["dict"]}),
        "a step before the checkpoint": put("training", env_step=BEFORE),
        "a step below 0": put("training", env_step=-STEPS),
        "a step that is a text": put("training", env_step=str(STEPS)),
        "a step that is true": put("training", env_step=True),
        "schedules of no length": put("training", schedule=["tuple", 5, 5]),
        "schedules that end before they begin": put("training", schedule=["tuple", 50, 5]),
        "schedules of three steps": put("training", schedule=["tuple", 1, 2, 3]),
        "tests that are a number": put("training", tests=1),
        "updates below 0": put("training", updates=-1),
        "environments of nothing": put(environments=None),
        "environments of nobody": put("environments", chunk=["dict"]),
        "a way that nobody knows": edited(
            "environments", "chunk", "envs", edit=lambda part: ["list", *[["dict", ["way", "os.system"], ["state", 1]]] * 2]
        ),
        "attributes of environments that all objects have": _by_attributes(["dict", ["__class__", 1]]),
        "attributes of environments as a dict of their own": _by_attributes(["dict", ["__dict__", ["dict"]]]),
        "200 000 actions": _replayed(["list", *[0] * 200_000]),
        "actions that are texts": _replayed(["list", "x"]),
        "actions beyond the space": _replayed(["list", 2**62]),
        "a generator of an environment beyond its words": _replayed(["list"], ["dict", ["bit_generator", "MT19937"], ["state", beyond]]),
        "a buffer that is a number": put(buffer=1),
        "a buffer of other rows": edited(
            "buffer", "_storage", edit=lambda part: [part[0], *([key, ["array", "0"]] for key, _ in part[1:])]
        ),
        "a buffer of nothing": put(buffer=["object", "fields", ["dict"]]),
    }


def _generator(**values: Any) -> Any:
    return ["object", "numpy generator", ["dict", *([name, value] for name, value in values.items())]]


def _with(tree: Any, key: str, value: Any) -> Any:
    return ["dict", *(pair for pair in tree[1:] if pair[0] != key), [key, value]]


def _all_weights(value: Any) -> Edit:
    return edited("policy", "state", edit=lambda part: ["dict", *([key, value] for key, _ in part[1:])])


def _by_attributes(attributes: Any) -> Edit:
    state = ["dict", ["way", "attributes"], ["state", ["list", *[attributes] * 4]]]
    return edited("environments", "chunk", "envs", edit=lambda part: ["list", *[state] * (len(part) - 1)])


def _replayed(actions: Any, rng: Any = None) -> Edit:
    episode = ["dict", ["seed", None if rng else 1], ["rng", rng], ["actions", actions]]
    state = ["dict", ["way", "replay"], ["state", episode]]
    return edited("environments", "chunk", "envs", edit=lambda part: ["list", *[state] * (len(part) - 1)])
