"""Watch a policy: episodes in the watch environment, rendered if there is a display."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import gymnasium as gym
import torch

from rlchassis.collecting.collector import Collector
from rlchassis.collecting.evaluation import Evaluation, evaluate_policy
from rlchassis.envs import EnvFactory, Environments, EnvWrapper, environments_of, has_display, why_not_rendered
from rlchassis.registry.wording import number_of
from rlchassis.storage.files import POLICY_FILENAME
from rlchassis.storage.policy_file import read_policy
from rlchassis.training.testing import evaluating
from rlchassis.training.world import World

log = logging.getLogger(__name__)


class RenderDelay(gym.Wrapper[Any, Any, Any, Any]):
    """Wrapper that sleeps after every step in render mode "human"."""

    def __init__(self, env: gym.Env[Any, Any], milliseconds: float) -> None:
        super().__init__(env)
        self._seconds = milliseconds / 1000

    def step(self, action: Any) -> Any:
        """Step, then sleep."""
        answer = self.env.step(action)
        if self.render_mode == "human":
            time.sleep(self._seconds)
        return answer


def watch(world: World) -> Evaluation:
    """Play the configured number of episodes and log their returns."""
    rng = world.streams.generator("watch", device=world.device)
    result = _played(world, world.envs, rng, world.streams.seeds("watch", world.config.watch_num_episodes))
    log.info("Watched %s (%s): mean return %.2f ± %.2f.", number_of("episode", len(result.returns)), _how(world), result.mean, result.std)
    return result


def rendering_images(env_factory: EnvFactory) -> EnvFactory:
    """The same factory with watch_render_mode="rgb_array", if it has that setting."""
    if not hasattr(env_factory, "watch_render_mode"):
        return env_factory
    changed = copy.copy(env_factory)  # not evolved: a subclass may be made in another way than by its fields
    object.__setattr__(changed, "watch_render_mode", "rgb_array")
    return changed


@contextmanager
def playing_rendered(world: World, env_factory: EnvFactory, wrap: EnvWrapper) -> Iterator[Callable[[Sequence[int]], Evaluation]]:
    """Context with a function that plays an episode per seed in a new watch environment that renders images, with a wrapper around it."""
    with closing(environments_of(rendering_images(env_factory), 0, 0, True, lambda mode: [wrap])) as envs:
        yield lambda seeds: _played(world, envs, torch.Generator(world.device), seeds)


def _played(world: World, envs: Environments, rng: torch.Generator, seeds: Sequence[int]) -> Evaluation:
    """Play an episode per seed in the watch environment."""
    assert envs.watch is not None
    with evaluating(world.policy):
        return evaluate_policy(Collector(world.policy, envs.watch, rng, world.device, world.sampling.max_test_episode_steps), seeds)


def watch_trained(world: World) -> None:
    """Watch after training; errors are logged and do not fail the run."""
    try:
        watch(world)
    except Exception as error:  # noqa: BLE001  whatever it is, the policy is trained
        log.warning("The policy could not be watched; the run is unaffected: %s", error)


def _how(world: World) -> str:
    envs = [] if world.envs.watch is None else world.envs.watch.envs
    modes = {env.render_mode for env in envs} - {None}
    if modes:
        return "rendered" if "human" in modes else "rendered as images"
    if not has_display():
        return "not rendered: there is no display"
    reasons = [why for env in envs if (why := why_not_rendered(env))]
    return f"not rendered: {reasons[0]}" if reasons else "not rendered"


@contextmanager
def stored_policy(world: World) -> Iterator[None]:
    """Context in which the policy has the weights stored in the run directory, if any; restores the trained weights afterwards."""
    if world.directory is None or not (world.directory / POLICY_FILENAME).exists():
        yield
        return
    trained = copy.deepcopy(world.policy.state_dict())
    read_policy(world.directory, world.device).restore_into(world.policy, str(world.directory))
    try:
        yield
    finally:
        world.policy.load_state_dict(trained)
