"""Recipes as nobody's `save` writes them: texts that are no JSON, JSON that is no recipe, recipes that ask for what they must not get."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]


def texts(good: Json) -> dict[str, bytes]:
    """Files that no reader of JSON should take."""
    text = json.dumps(good)
    with_seed = text.replace('"seed": 42', '"seed": %s')
    return {
        "empty": b"",
        "blank": b" \n\t",
        "cut short": text[:200].encode(),
        "something behind": text.encode() + b"{}",
        "a comment": b"// safe\n" + text.encode(),
        "single quotes": repr({"format": 1}).encode(),
        "a byte order mark": b"\xef\xbb\xbf" + text.encode(),
        "UTF-16": text.encode("utf-16"),
        "no UTF-8": text.replace("CartPole", "Cärtpole").encode("latin-1") if "Cart" in text else b"\xff",
        "zero bytes": b"\x00" * 100,
        "a zero byte behind": text.encode() + b"\x00",
        "NaN": (with_seed % "NaN").encode(),
        "Infinity": (with_seed % "Infinity").encode(),
        "minus Infinity": (with_seed % "-Infinity").encode(),
        "1e999": (with_seed % "1e999").encode(),
        "a number of 100 000 digits": (with_seed % ("9" * 100_000)).encode(),
        "a key twice": text.replace('"format": 1', '"format": 1, "format": 1', 1).encode(),
        "a key twice within": text.replace('"seed": 42', '"seed": 42, "seed": 43', 1).encode(),
        "lists 500 000 deep": b"[" * 500_000,
        "dicts 200 000 deep": b'{"a":' * 200_000,
        "17 MiB": text.encode() + b" " * 17 * 2**20,
        "a pickle": b"\x80\x04}.",
        "null": b"null",
        "a text": b'"recipe"',
        "a list": b"[1]",
        "no format": json.dumps({key: value for key, value in good.items() if key != "format"}).encode(),
        **{f"format {value!r}": json.dumps({**good, "format": value}).encode() for value in (0, 2, "1", 1.0, True, None, [1])},
    }


OTHER = {"part": "optimizer/adam", "options": {}}
"""A part that is installed, but of another kind than most places want."""
IMPORTS = (
    "os:system",
    "algorithm/os.system",
    "algorithm/../../planted_module",
    "algorithm/planted_module:Agent",
    "planted_module",
    "/",
    "",
)
ACTIVATIONS = ("os", "__builtins__", "functional", "Linear.__init__", "init", "Tanh()", "modules.linear.Linear", "", "torch.nn:os", "eval")

MEANINGS: dict[str, Mapping[str, Any]] = {
    "another key": {"hooks": ["os.system"]},
    "another setting": {"config.sed": 1},
    "another setting of the agent": {"agent_factory.options.backdoor": 1},
    "a dunder": {"config.__class__": "os.system"},
    "a seed that is a text": {"config.seed": "1"},
    "a seed that is a fraction": {"config.seed": 1.5},
    "a seed that is true": {"config.seed": True},
    "a seed below 0": {"config.seed": -1},
    "a list for a table": {"config": [1, 2]},
    "a text for a table": {"sampling_config": "fast"},
    "nothing for a table": {"config": None},
    "a device that is none": {"config.device": "planted:0"},
    "a mode that is none": {"config.policy_persistence_mode": "whole"},
    "a number that is a text": {"agent_factory.options.params.lr": "fast"},
    "a number that is nan": {"agent_factory.options.params.lr": {"number": "nan"}},
    "a number that is code": {"agent_factory.options.params.lr": {"number": "__import__('os')"}},
    "widths that are a text": {"agent_factory.options.actor_factory.options.hidden_sizes": "64"},
    "widths of 0": {"agent_factory.options.actor_factory.options.hidden_sizes": [0]},
    "an agent of another kind": {"agent_factory": OTHER},
    "an environment of another kind": {"env_factory": OTHER},
    "an environment that is an agent": {"env_factory": {"part": "algorithm/ppo", "options": {}}},
    "an actor of another kind": {"agent_factory.options.actor_factory": {"part": "component/mlp-critic", "options": {}}},
    "a class of the standard library": {"env_factory": {"class": "subprocess:Popen", "options": {"args": "planted"}}},
    "a class in a list": {"extensions": [{"class": "subprocess:Popen", "options": {"args": ["planted"]}}]},
    "what could not be stored": {"env_factory": {"unstorable": "planted"}},
    "two tags at once": {"env_factory": {"part": "env/registered", "class": "os:system", "options": {}}},
    "options that are a list": {"env_factory.options": [["task", "CartPole-v1"]]},
    "a name that is a number": {"agent_factory.part": 7},
    "a component for a part": {"agent_factory": {"component": "algorithm/ppo", "options": {}}},
    "a callable environment": {"env_factory": {"part": "env/callable", "options": {"create": {"object": "planted_module:make"}}}},
    "a vector of environments": {"env_factory": {"part": "env/vector", "options": {"vector_env": {"object": "planted_module:make"}}}},
    "a kind of vector that is none": {"env_factory.options.venv_type": "planted"},
    "a module before the environment": {"env_factory.options.task": "planted_module:CartPole-v1"},
    "a module of the standard library before it": {"env_factory.options.task": "antigravity:CartPole-v1"},
    "a module within a package before it": {"env_factory.options.task": "idlelib.idle:CartPole-v1"},
    "a function of the standard library for the environment": {
        "env_factory.options.task": "os:system",
        "env_factory.options.make_kwargs": {"command": "planted"},
    },
    "a class of an imported package for the environment": {"env_factory.options.task": "subprocess:Popen"},
    "a function for the environment, in words": {"env_factory": "registered:task=os:getcwd"},
    **{f"the algorithm {name!r}": {"agent_factory.part": name} for name in IMPORTS},
    **{f"the activation {name!r}": {"agent_factory.options.actor_factory.options.hidden_activation": name} for name in ACTIVATIONS},
    **{
        f"the activation {name!r}, tagged": {"agent_factory.options.actor_factory.options.hidden_activation": {"object": name}}
        for name in ("os:system", "builtins:eval", "torch.nn:os", "torch:load")
    },
}
"""By dotted names, what is changed in a good recipe; everything that reads recipes refuses the result, and `inspect` may show it."""

ONLY_READ: dict[str, Mapping[str, Any]] = {
    "a callback that is none": {"callbacks.train": ["os.system"]},
    "a callback by its path": {"callbacks.stop": [{"class": "subprocess:Popen", "options": {"args": "planted"}}]},
    "a logger of another kind": {"logger_factory": OTHER},
    "a logger by its path": {"logger_factory": {"class": "planted_module:Logger", "options": {}}},
}
"""Likewise for what is left out where a policy is only judged."""
ONLY_PLAYED: dict[str, Mapping[str, Any]] = {
    "an extension that is none": {"extensions": [{"component": "extension/planted", "options": {}}]},
    "a device that is not there": {"config.device": "cuda:99"},
}
"""Likewise for what only playing needs."""
LATE: dict[str, Mapping[str, Any]] = {
    "an environment that is none": {"env_factory.options.task": "Planted-v0"},
    "no environment": {"env_factory.options.task": ""},
    "a path for an environment": {"env_factory.options.task": "../planted_module"},
    "an entry point for gymnasium": {"env_factory.options.make_kwargs": {"entry_point": "planted_module:make"}},
    "wrappers for gymnasium": {"env_factory.options.make_kwargs": {"additional_wrappers": ["planted_module:make"]}},
    "a limit that is a text": {"env_factory.options.make_kwargs": {"max_episode_steps": "many"}},
    "a spec for gymnasium": {"env_factory.options.make_kwargs": {"id": "planted_module:CartPole-v1"}},
    "an activation that is a layer": {"agent_factory.options.actor_factory.options.hidden_activation": "Linear"},
    "widths beyond any memory": {"agent_factory.options.actor_factory.options.hidden_sizes": [2**40, 2**40]},
    "other widths than the weights": {"agent_factory.options.actor_factory.options.hidden_sizes": [3]},
    "another environment than the weights": {"env_factory.options.task": "Pendulum-v1"},
}
"""Likewise for what shows when the policy is to act: recipes as such can be read."""


def changed(good: Json, changes: Mapping[str, Any]) -> bytes:
    """A good recipe with other values under dotted names."""
    recipe = copy.deepcopy(good)
    for name, value in changes.items():
        *path, last = name.split(".")
        place = recipe
        for key in path:
            place = place[key]
        place[last] = value
    return json.dumps(recipe).encode()
