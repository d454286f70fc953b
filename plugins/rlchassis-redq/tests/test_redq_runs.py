from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch

from rlchassis.api import UnsupportedSpaceError, World
from rlchassis.experiment import Experiment, load_policy
from rlchassis_redq import REDQExperimentBuilder, REDQParams
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling
from rlchassis_testkit.tiny_envs import Receiver, in_parts
from rlchassis_testkit.tiny_runs import fingerprint, tiny_run
from rlchassis_toolkit import ActionCriticFactoryDefault

PUSHED = partial(Receiver, [-2.0, 0.0], [2.0, 4.0])
GAMMA = 0.5


def small(builder: REDQExperimentBuilder, **params: Any) -> REDQExperimentBuilder:
    builder.with_redq_params(REDQParams(**{"ensemble_size": 3, "actor_delay": 2, **params})).with_actor_factory_default((16,))
    return builder.with_critic_ensemble_factory_default((16,))


def run(env: Any = PUSHED, params: dict[str, Any] | None = None, **settings: Any) -> World:
    return tiny_run(REDQExperimentBuilder, env, configure=partial(small, **(params or {})), **{"update_per_step": 1, **settings})


def test_equal_seeds_give_equal_bits_and_different_seeds_different_ones():
    first, again, other = (fingerprint(run(seed=seed, step_per_epoch=24).policy) for seed in (1, 1, 2))
    assert first == again != other


def test_redq_learns_the_best_action_and_its_value_where_every_episode_is_truncated():
    params = {"alpha": 0.01, "gamma": GAMMA, "actor_lr": 0.01, "critic_lr": 0.01, "tau": 0.05}
    settings = {"num_epochs": 1, "step_per_epoch": 500, "step_per_collect": 1, "batch_size": 64, "num_train_envs": 1, "num_test_envs": 0}
    algorithm: Any = run(params=params, update_per_step=2, **settings).algorithm
    obs = torch.zeros(1, 1)
    assert (algorithm.policy.act(obs, explore=False, rng=torch.Generator())[0] > 0.9).all()
    assert algorithm.critics(obs, torch.ones(1, 2))[:, 0].tolist() == pytest.approx([6 / (1 - GAMMA)] * 3, rel=0.1)


def test_testing_changes_nothing_that_is_learned():
    tested, plain = (fingerprint(run(step_per_epoch=24, num_test_envs=number).policy) for number in (1, 0))
    assert tested == plain


def test_an_observation_of_several_parts_is_learned_from():
    assert run(lambda: in_parts(PUSHED()), step_per_epoch=24).state.info().updates == 48 - 12


def test_prioritized_replay_learns_something_else():
    settings = {"params": {"n_step": 3}, "step_per_epoch": 24}
    plain, prioritized = (fingerprint(run(**settings, replay_buffer_prioritized=flag).policy) for flag in (False, True))
    assert plain != prioritized


def test_discrete_actions_are_refused_in_one_sentence():
    with pytest.raises(UnsupportedSpaceError, match="redq does not support actions of Discrete; it takes Box"):
        run("CartPole-v1")


def test_the_critics_can_be_described_by_a_factory():
    agent = REDQExperimentBuilder("Pendulum-v1").with_critic_ensemble_factory(ActionCriticFactoryDefault((9,))).build().agent_factory
    assert agent.critic_ensemble_factory == ActionCriticFactoryDefault((9,))


def test_hidden_sizes_and_activations_reach_the_networks():
    def configure(builder: REDQExperimentBuilder) -> REDQExperimentBuilder:
        builder.with_redq_params(REDQParams(ensemble_size=3)).with_actor_factory_default((7, 5), torch.nn.Tanh)
        return builder.with_critic_ensemble_factory_default((6,), torch.nn.ELU)

    algorithm: Any = tiny_run(REDQExperimentBuilder, PUSHED, configure=configure, step_per_epoch=24, update_per_step=1).algorithm
    assert [tuple(p.shape) for p in algorithm.policy.parameters() if p.dim() == 2] == [(7, 1), (5, 7), (2 * 2, 5)]
    assert repr(algorithm.policy).count("Tanh") == 2
    for critics in (algorithm.critics, algorithm.target_critics):
        assert [tuple(p.shape) for p in critics.parameters() if p.shape[1] > 1] == [(3, 1 + 2, 6), (3, 6, 1)]
        assert repr(critics).count("ELU") == 1


def test_rounds_do_not_depend_on_the_number_of_environments_and_may_be_many_per_step():
    worlds = [run(num_train_envs=number, step_per_epoch=12, step_per_collect=12, update_per_step=5) for number in (1, 2, 3)]
    assert [world.state.info().updates for world in worlds] == [5 * (24 - 12)] * 3


def test_a_stored_run_comes_back_and_acts_as_its_policy(tmp_path):
    sampling = tiny_sampling(num_epochs=1, repeat_per_collect=None, update_per_step=1)
    builder = REDQExperimentBuilder("Pendulum-v1", tiny_config(tmp_path), sampling)
    experiment = small(builder, n_step=2, alpha=0.1, target_mode="mean").build()
    world = experiment.run("first").world
    assert Experiment.from_directory(world.directory, restore_policy=False) == experiment
    obs = torch.tensor([[0.6, 0.8, 1.0]])
    action = load_policy(world.directory)(obs[0].numpy())
    assert action == pytest.approx(2 * world.policy.act(obs, explore=False, rng=torch.Generator())[0][0].detach().numpy())
