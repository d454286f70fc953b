"""The whole state of a run: what a checkpoint stores, and putting it back into a run that was built anew."""

from __future__ import annotations

import random
from typing import Any

import attrs
import numpy as np
import torch

from rlchassis.data.state_restoring import WORDS_OF_MT19937, changed_fields, plain_value, require_position
from rlchassis.data.state_tensors import TensorCapture, TensorRestoration
from rlchassis.data.state_tree import State
from rlchassis.learning.algorithm import Algorithm
from rlchassis.training.callback_states import callback_states, restore_callbacks
from rlchassis.training.loop import TrainingLoop
from rlchassis.training.world import World


def run_state(loop: TrainingLoop, ways: list[str]) -> State:
    """State tree of a run, environments by the given ways; tensors and arrays are those of the run, not copies.

    UncoveredState, with the path, for an object whose state cannot be stored.
    """
    capture, world = TensorCapture(copies=False), loop.world
    parts = {name: capture.state_of(each, name) for name, each in _parts(loop).items()}
    return {
        **parts,
        "callbacks": callback_states(world, capture),
        "environments": world.train_collector.envs.state(ways),
        "global generators": capture.state_of(_global_generators(), "global generators"),
        "loggers": capture.state_of(world.logger.state_dict(), "loggers"),
        "extensions": capture.state_of(_extension_states(world), "extensions"),
    }


def restore_run(loop: TrainingLoop, state: State, restoration: TensorRestoration) -> int:
    """Put the state back into a run of the same configuration; returns how many environments began a new episode. Writes nothing."""
    world = loop.world
    live = _parts(loop)
    _put_back(loop, {name: restoration.value(each, state[name], name) for name, each in live.items()})
    seeds = world.streams.seeds("environments", world.train_collector.envs.num_envs, world.state.env_step + 1)
    obs, is_new = world.train_collector.envs.restore(state["environments"], seeds)
    world.train_collector.go_on(obs, is_new)
    if is_new.any():
        world.buffer.cut(is_new)
    _restore_global_generators(plain_value(state["global generators"], "global generators"))
    return int(is_new.sum())


def restore_records(loop: TrainingLoop, state: State, restoration: TensorRestoration) -> list[str]:
    """Let loggers, extensions and callbacks go on where they were, once the run has its directory; returns what could not be restored.

    restoration: that of the run, which knows the objects that callbacks hold.
    """
    loop.world.logger.load_state_dict(plain_value(state["loggers"], "loggers"))
    _restore_extensions(loop.world, plain_value(state["extensions"], "extensions"))
    return restore_callbacks(loop.world, state["callbacks"], restoration)


def logger_run_id(state: State) -> str | None:
    """The logger_run_id of the stored run."""
    found = plain_value(state["loggers"], "loggers").get("run_id")
    return found if isinstance(found, str) else None


def _parts(loop: TrainingLoop) -> dict[str, Any]:
    """Living objects by name, in an order in which those that others refer to come first."""
    world = loop.world
    return {
        "policy": world.policy,
        "optimizers": list(world.optimizers),
        "algorithm": _fields_or_itself(world.algorithm),
        "collector": world.train_collector.parts(),
        "buffer": world.buffer,
        "training": world.state,
        "loop": loop.parts(),
        "trainer": loop.trainer.parts(),
        "sampler": world.sampler_rng,
        "learner": world.learner_rng,
    }


def _fields_or_itself(algorithm: Algorithm[Any]) -> Any:
    """The fields of an algorithm by name, so that those without state_dict count too; itself where it has its own state_dict."""
    if type(algorithm).state_dict is not Algorithm.state_dict:
        return algorithm
    return {attribute.name: getattr(algorithm, attribute.name) for attribute in attrs.fields(type(algorithm))}


def _put_back(loop: TrainingLoop, parts: dict[str, Any]) -> None:
    """Assign values that could not be changed in place."""
    world = loop.world
    if isinstance(parts["algorithm"], dict):
        for name, value in changed_fields(world.algorithm, parts["algorithm"]).items():
            setattr(world.algorithm, name, value)
    world.train_collector.put_back(parts["collector"])
    loop.put_back(parts["loop"])
    loop.trainer.put_back(parts["trainer"])


def _global_generators() -> dict[str, Any]:
    """Of Python, numpy and torch, which environments and users' code may draw from."""
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002  the global one
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {"python": random.getstate(), "numpy": [kind, keys, *rest], "torch": torch.get_rng_state(), "cuda": devices}


def _restore_global_generators(state: dict[str, Any]) -> None:
    require_position(state["numpy"][2], WORDS_OF_MT19937)
    random.setstate(state["python"])
    np.random.set_state(tuple(state["numpy"]))  # noqa: NPY002  the global one
    torch.set_rng_state(state["torch"])
    if torch.cuda.is_available() and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])


def _extension_states(world: World) -> dict[str, Any]:
    """What each extension stores, by its origin."""
    implementations = reversed(world.hooks.rlchassis_checkpoint_state.get_hookimpls())  # pluggy keeps them in the reverse of their order
    found = {each.plugin_name: _called(each, world=world) for each in implementations}
    return {name: state for name, state in found.items() if state is not None}


def _restore_extensions(world: World, states: dict[str, Any]) -> None:
    for each in reversed(world.hooks.rlchassis_restore_state.get_hookimpls()):
        if each.plugin_name in states:
            _called(each, world=world, state=states[each.plugin_name])


def _called(implementation: Any, **arguments: Any) -> Any:
    return implementation.function(*(arguments[name] for name in implementation.argnames))
