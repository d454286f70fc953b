"""Recipes that are sound but for what they ask for: too many, too large, what an environment would import, and strange values anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]
EXTENSION = {"component": "extension/planted", "options": {}}
WRAPPER = {"part": "policy_wrapper/obs-norm", "options": {}}
CALLBACK = {"part": "component/epoch-stop-reward-threshold", "options": {"threshold": 1.0}}
KWARGS = "env_factory.options.make_kwargs"

REFUSED: dict[str, Mapping[str, Any]] = {
    "5 000 wrappers": {"agent_factory.options.policy_wrappers": [WRAPPER] * 5000},
    "900 wrappers": {"agent_factory.options.policy_wrappers": [WRAPPER] * 900},
    "5 000 extensions": {"extensions": [EXTENSION] * 5000},
    "10^12 threads": {"config.num_threads": 10**12},
    "10^12 layers by their widths": {"agent_factory.options.actor_factory.options.hidden_sizes": [10**6, 10**6]},
    "layers of 20 000": {"agent_factory.options.actor_factory.options.hidden_sizes": [20_000, 20_000]},
    "5 000 layers": {"agent_factory.options.actor_factory.options.hidden_sizes": [64] * 5000},
    "200 000 layers": {"agent_factory.options.actor_factory.options.hidden_sizes": [1] * 200_000},
    "a task of 1 MiB": {"env_factory.options.task": "C" * 2**20},
    "a task of 1 MiB of words": {"env_factory.options.task": "Cart-" * 2**18 + "v1"},
    "an algorithm of 1 MiB": {"agent_factory.part": "algorithm/" + "p" * 2**20},
    "a class of 1 MiB": {"env_factory": {"class": "os:" + "s" * 2**20, "options": {}}},
    "900 classes": {KWARGS: {"a": [{"class": f"my_module:Callback{i}{'s' * 150}", "options": {}} for i in range(900)]}},
    "900 functions": {KWARGS: {"a": [{"object": f"my_module:make{i}{'s' * 150}"} for i in range(900)]}},
    "an activation of 1 MiB": {"agent_factory.options.actor_factory.options.hidden_activation": "T" * 2**20},
    "a key of 1 MiB": {"k" * 2**20: 1},
    "a million arguments": {KWARGS: {"a": [0] * 1_000_000}},
    "200 000 arguments": {KWARGS: {f"a{i}": 0 for i in range(200_000)}},
    "arguments of 80 levels": {KWARGS: {"a": json.loads("[" * 80 + "]" * 80)}},
    "a device of 1 MiB": {"config.device": "c" * 2**20},
    "a wait of 1e308": {"config.watch_render": 1e308},
}
"""Every door but `inspect` refuses these, sooner or later."""

TOO_MUCH: dict[str, tuple[Mapping[str, Any], str]] = {
    "10^7 environments to test in": ({"sampling_config.num_test_envs": 10**7}, "rlchassis eval"),
    "10^7 worker environments to test in": (
        {"sampling_config.num_test_envs": 10**7, "env_factory.options.venv_type": "dummy"},
        "rlchassis eval",
    ),
    "10^9 episodes to watch": ({"config.watch_num_episodes": 10**9}, "rlchassis watch"),
    "layers of 20 000 in the critic": ({"agent_factory.options.critic_factory.options.hidden_sizes": [20_000] * 3}, "rlchassis watch"),
}
"""The door that would do as many refuses these; the others need not."""

ALLOWED: dict[str, Mapping[str, Any]] = {
    "1 000 threads": {"config.num_threads": 1000},
    "10^7 environments to train in": {"sampling_config.num_train_envs": 10**7},
    "10^15 transitions": {"sampling_config.buffer_size": 10**15},
    "10^300 epochs": {"sampling_config.num_epochs": 10**300},
    "a seed of 4 000 digits": {"config.seed": 10**4000},
    "a rate of 1e308": {"agent_factory.options.params.lr": 1e308},
    "a rate of a whole number of 4 000 digits": {"agent_factory.options.params.lr": 10**4000},
    "a base directory elsewhere": {"config.persistence_base_dir": "/etc"},
    "a base directory with a zero byte": {"config.persistence_base_dir": "/tmp/\0"},
    "a base directory that is a lone surrogate": {"config.persistence_base_dir": "\ud800"},
    "a policy from elsewhere": {"config.policy_restore_directory": "/etc"},
    "a name that leads out": {"name": "../../planted"},
    "a name of nobody": {"name": "~nouser/planted"},
    "a name with a zero byte": {"name": "a\0b"},
    "a name that is a lone surrogate": {"name": "\ud800"},
    "a name of 1 MiB": {"name": "n" * 2**20},
    "a task that is a lone surrogate": {"env_factory.options.task": "\ud800-v1"},
    "a task that a terminal obeys": {"env_factory.options.task": "\x1b[2J\nrlchassis: fine"},
    "a limit that is no number": {"env_factory.options.constructor_timeout": {"number": "nan"}},
    "a limit of 1e308 seconds": {"env_factory.options.step_timeout": 1e308, "env_factory.options.constructor_timeout": 1e308},
    "an argument that a terminal obeys": {KWARGS: {"\x1b[2J": "\x1b[2J"}},
    "an argument that is a lone surrogate": {KWARGS: {"\ud800": "\ud800"}},
    "an argument of 10 MiB": {KWARGS: {"a": "x" * 10 * 2**20}},
    "an argument that is a method": {KWARGS: {"render_mode": "__class__"}},
    "steps without end": {KWARGS: {"max_episode_steps": -1}},
    "steps of 4 000 digits": {KWARGS: {"max_episode_steps": 10**4000}},
    "a checker that is a text": {KWARGS: {"disable_env_checker": "planted"}},
    "a setting of CartPole that is a text": {KWARGS: {"sutton_barto_reward": "x"}},
}
"""Whoever opens these is answered in a sentence or with a score."""

MODULE = "planted_module:CartPole-v1"
IMPORTING: dict[str, Any] = {
    "an id": {"env_id": MODULE},
    "an id of a module in a package": {"env_id": "idlelib.idle:CartPole-v1"},
    "an id of the standard library": {"env_id": "antigravity:CartPole-v1"},
    "an id with a name before": {"env_id": "planted_module:name/CartPole-v1"},
    "an attribute": {"entry_point": "planted_module:make"},
    "a list of ids": {"env_id": ["CartPole-v1", MODULE]},
    "ids in a dict": {"options": {"deep": {"env_id": MODULE}}},
    "an id as a key": {"options": {MODULE: 1}},
    "a tagged tuple of ids": {"env_id": {"tuple": [MODULE]}},
    "a tagged dict of ids": {"env_id": {"mapping": {"part": MODULE}}},
    "what looks like a function": {"env_id": {"mapping": {"object": MODULE}}},
    "what looks like a tagged dict": {"env_id": {"mapping": {}, "a": MODULE}},
    "an id of two colons": {"env_id": "planted_module:x:CartPole-v1"},
    "an id with blanks": {"env_id": "planted_module: CartPole-v1"},
}
"""Arguments for an environment that makes another by its id."""

STRANGE: dict[str, Any] = {
    "null": None,
    "true": True,
    "-1": -1,
    "10^20": 10**20,
    "1e308": 1e308,
    "a text": "planted_module:x",
    "a list": [[]],
    "a dict": {"object": "os:system"},
}


def leaves(recipe: Json, path: str = "") -> Iterator[str]:
    """The dotted names of all its single values."""
    for key, value in recipe.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{path}{key}.")
        else:
            yield f"{path}{key}"


def mutations(recipe: Json) -> dict[str, Mapping[str, Any]]:
    """Each value replaced by each strange one."""
    return {f"{path} is {what}": {path: value} for path in leaves(recipe) for what, value in STRANGE.items()}
