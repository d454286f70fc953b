"""Extensions may wrap and replace what a run is built of, with few lines."""

from __future__ import annotations

import pytest
import torch

import rlchassis
from rlchassis.errors import UsageError
from rlchassis.experiment import PPOExperimentBuilder, VectorEnvType
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling, write_distribution


def cartpole(base, env="CartPole-v1", **config):
    return PPOExperimentBuilder(env, tiny_config(base, **config), tiny_sampling())


WRAPPERS = """
import gymnasium as gym

class Doubled(gym.RewardWrapper):
    def reward(self, reward):
        return 2 * reward

class Shortened(gym.Wrapper):
    def step(self, action):
        obs, reward, terminated, truncated, info = self.env.step(action)
        self.count += 1
        return obs, reward, terminated, truncated or self.count >= 5, info

    def reset(self, **kwargs):
        self.count = 0
        return self.env.reset(**kwargs)
"""

REPLACES = """
from acme_wrappers import Doubled, Shortened
from rlchassis.api import EnvMode, hookimpl
from rlchassis_adam import OptimizerFactoryAdam

class Replaces:
    @hookimpl
    def rlchassis_before_build(self, builder):
        builder.with_name("named-by-an-extension")

    @hookimpl
    def rlchassis_env_wrappers(self, mode):
        return [Shortened, Doubled] if mode is EnvMode.TEST else None

    @hookimpl(wrapper=True)
    def rlchassis_make_optimizer(self, role):
        before = yield
        assert role == "actor_critic"
        return OptimizerFactoryAdam(betas=(before.betas[0], 0.5))

    @hookimpl(wrapper=True)
    def rlchassis_make_policy(self):
        policy = yield
        policy.register_buffer("mark", __import__("torch").tensor(7.0))
        return policy
"""


@pytest.mark.parametrize("venv_type", [VectorEnvType.DUMMY, VectorEnvType.SUBPROC], ids=lambda kind: kind.value)
def test_an_extension_may_wrap_what_is_made_and_evaluation_wraps_it_too(venv_type, install, tmp_path):
    folder = install(lambda folder: write_distribution(folder, "acme-replace", REPLACES, extension="acme.replace = Replaces"))
    (folder / "acme_wrappers.py").write_text(WRAPPERS, "utf-8")
    factory = rlchassis.experiment.EnvFactoryRegistered("CartPole-v1", venv_type=venv_type)
    result = cartpole(tmp_path, factory).with_extension("acme.replace").build().run()
    assert result.world.directory.name == "named-by-an-extension"
    assert result.trainer_result.best.returns == (10.0, 10.0)
    assert result.trainer_result.best.lengths == (5, 5)
    assert result.world.optimizers[0].torch_optimizer.param_groups[0]["betas"] == (0.9, 0.5)
    assert result.world.policy.state_dict()["mark"] == torch.tensor(7.0)
    assert rlchassis.evaluate(result.world.directory) == result.trainer_result.best


def test_an_extension_of_twenty_lines_works(install, tmp_path):
    code = '''
from attrs import define
from rlchassis.api import UsageError, hookimpl

@define(eq=False)
class Guard:
    """Ends a run whose tests stay below a floor."""

    floor: float = 0.0
    tests: int = 0

    @hookimpl
    def rlchassis_test_end(self, result):
        self.tests += 1
        if result.mean < self.floor:
            raise UsageError(f"test {self.tests} earned {result.mean}, below {self.floor}.")
'''
    install(lambda folder: write_distribution(folder, "acme-guard", code, extension="acme.guard = Guard"))
    cartpole(tmp_path).with_extension("acme.guard", floor=1.0).build().run("fine")
    with pytest.raises(UsageError, match=r"test 1 earned .* below 1000"):
        cartpole(tmp_path).with_extension("acme.guard", floor=1000).build().run("low")
