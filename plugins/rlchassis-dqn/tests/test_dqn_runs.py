from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box

from rlchassis.api import Environments, EpochTrainCallback, OffPolicyTrainer, UnsupportedSpaceError, UsageError, World
from rlchassis.config import resolve_sampling
from rlchassis.experiment import Experiment, load_policy, plan
from rlchassis_dqn import (
    DQNAgentFactory,
    DQNExperimentBuilder,
    DQNParams,
    EpochTestCallbackDQNSetEps,
    EpochTrainCallbackDQNEpsLinearDecay,
    EpochTrainCallbackDQNSetEps,
    QNetworkFactoryDefault,
)
from rlchassis_testkit.recording_algorithm import RecordingExperimentBuilder
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling
from rlchassis_testkit.tiny_envs import Chain, Counter, Still
from rlchassis_testkit.tiny_runs import fingerprint, tiny_run
from rlchassis_toolkit import IntermediateModuleFactory, IntermediateModuleFactoryDefault

GAMMA = 0.5
BOX = Box(-1, 1, (2,), np.float32)
REPLAYED = tiny_sampling(repeat_per_collect=None)


def run(env: Any = "CartPole-v1", *, configure=lambda builder: builder, **settings: Any) -> World:
    return tiny_run(DQNExperimentBuilder, env, configure=configure, **{"num_test_envs": 0, **settings})


def values_of(env: Any, states: Any, *, prioritized: bool = False, **params: Any) -> torch.Tensor:
    """What the better action is worth in each state, after a thousand rounds."""

    def configure(builder: DQNExperimentBuilder) -> DQNExperimentBuilder:
        dqn = DQNParams(gamma=GAMMA, lr=0.01, target_update_freq=20, **params)
        return builder.with_dqn_params(dqn).with_model_factory_default((16,), torch.nn.Tanh)

    sampling = {"step_per_epoch": 1000, "num_epochs": 1, "num_train_envs": 3, "replay_buffer_prioritized": prioritized}
    network = run(env, configure=configure, **sampling).algorithm.policy.network
    return network(torch.as_tensor(states, dtype=torch.float32)).detach().amax(-1)


def test_where_every_episode_is_cut_a_still_state_is_worth_what_it_would_pay_for_ever():
    assert values_of(partial(Still, 3, cut=True), [[1.0]]).tolist() == pytest.approx([2], abs=0.05)


@pytest.mark.learning
def test_where_every_step_ends_the_episode_it_is_worth_one_reward():
    assert values_of(partial(Still, 1), [[1.0]]).tolist() == pytest.approx([1], abs=0.05)


OTHERS = [{"n_step": 3}, {"prioritized": True}, {"is_double": False}, {"huber_loss_delta": None}]


@pytest.mark.parametrize("settings", [{}, *(pytest.param(each, marks=pytest.mark.learning) for each in OTHERS)], ids=str)
def test_a_chain_that_ends_is_worth_what_is_still_to_come(settings):
    values = values_of(Chain, torch.eye(4)[:3], **settings)
    assert values.tolist() == pytest.approx([1 + GAMMA * 2 + GAMMA**2 * 4, 2 + GAMMA * 4, 4], abs=0.2)


def test_equal_seeds_give_equal_bits_and_different_seeds_different_ones():
    def weights(seed: int) -> str:
        return fingerprint(run(seed=seed).policy)

    assert weights(1) == weights(1) != weights(2)


def test_priorities_change_what_is_learned_and_are_those_of_the_errors():
    plain, prioritized = run(), run(replay_buffer_prioritized=True)
    assert fingerprint(plain.policy) != fingerprint(prioritized.policy)
    assert prioritized.state.info().updates == plain.state.info().updates == 96 - 12


def model_of(builder_told) -> str:
    builder = builder_told(DQNExperimentBuilder("CartPole-v1", tiny_config(Path(), persistence_enabled=False), REPLAYED))
    return repr(builder.build().create_experiment_world().algorithm.policy.network)


def test_hidden_sizes_and_activation_reach_the_network_and_its_head_is_linear():
    text = model_of(lambda builder: builder.with_model_factory_default((7, 5), torch.nn.Tanh))
    assert text.count("Tanh") == 2
    assert "Linear(in_features=7, out_features=5" in text
    assert "(head): Linear(in_features=5, out_features=2" in text


class Layer(IntermediateModuleFactory):
    """One linear layer of some width."""

    def __init__(self, width):
        self.width = width

    def create_module(self, envs, device):
        return torch.nn.Linear(4, self.width).to(device)


def test_a_network_of_ones_own_is_the_whole_q_network():
    assert model_of(lambda builder: builder.with_model_factory(Layer(2))) == "Linear(in_features=4, out_features=2, bias=True)"


def test_a_network_with_another_number_of_values_is_refused_with_its_setting():
    with pytest.raises(UsageError, match=r"^model_factory \(Layer\): the network returns float32 of shape \[2, 9\], expected .* \[2, 2\]"):
        model_of(lambda builder: builder.with_model_factory(Layer(9)))
    with pytest.raises(
        UsageError, match=r"^model_factory \(IntermediateModuleFactoryDefault\): the network returns float32 of shape \[2, 64\]"
    ):
        model_of(lambda builder: builder.with_model_factory(IntermediateModuleFactoryDefault()))


def test_the_default_network_is_described_by_name_and_changed_by_name():
    experiment = plan("dqn", "CartPole-v1", settings=[{"model_factory": {"hidden_sizes": [7]}}])
    factory = experiment.agent_factory.model_factory
    assert factory == QNetworkFactoryDefault((7,), factory.hidden_activation)
    assert experiment.to_data()["agent_factory"]["options"]["model_factory"]["part"] == "component/q-network"
    assert Experiment.from_data(experiment.to_data()) == experiment


def test_continuous_actions_are_refused_in_one_sentence_before_the_first_step():
    with pytest.raises(UnsupportedSpaceError, match=r"^dqn does not support actions of Box; it takes Discrete, .*\. Choose another"):
        run("Pendulum-v1")
    with pytest.raises(UnsupportedSpaceError, match=r"^DQN needs discrete actions, got Box.*; choose an algorithm for continuous"):
        DQNAgentFactory().create_policy(Environments.from_spaces(BOX, BOX), torch.device("cpu"))


def test_an_observation_of_several_parts_is_learned_from():
    world = run(partial(Counter, 3, as_dict=True))
    assert world.state.info().updates == 84


@pytest.mark.parametrize("num_train_envs", [1, 3, 8])
def test_rounds_and_exploration_do_not_depend_on_the_number_of_environments(num_train_envs):
    world = run(num_train_envs=num_train_envs, update_per_step=0.5)
    assert world.state.info().updates == (96 - 12) // 2
    assert world.algorithm.policy.eps_training == pytest.approx(0.05)


class Watching(EpochTrainCallback):
    """Keeps ε as it is at the beginning of every epoch; `seen` is cleared before a run."""

    seen: list[float] = []  # noqa: RUF012  one for all is what the test wants

    def callback(self, epoch, env_step, context):
        self.seen.append(context.world.algorithm.policy.eps_training)


def eps_seen(*callbacks: EpochTrainCallback, **params: Any) -> list[float]:
    """At the beginning of three epochs of 48 steps, collected 24 at a time."""
    Watching.seen.clear()

    def configure(builder: DQNExperimentBuilder) -> DQNExperimentBuilder:
        builder.with_dqn_params(DQNParams(**params))
        for callback in callbacks:
            builder.with_epoch_train_callback(callback)
        return builder.with_epoch_train_callback(Watching())

    run(configure=configure, num_epochs=3)
    return list(Watching.seen)


def test_exploration_is_set_by_environment_steps_before_every_collection():
    seen = eps_seen(eps_training=1.0, eps_training_final=0.0, eps_decay_fraction=1.0)
    assert seen == pytest.approx([1, 1 - 24 / 144, 1 - 72 / 144])  # as the last collection of the epoch before left it


def test_a_callback_sets_exploration_in_place_of_the_schedule():
    assert eps_seen(EpochTrainCallbackDQNSetEps(0.3))[1:] == [0.3, 0.3]


def test_a_callback_lets_exploration_fall_over_a_number_of_steps_whatever_the_length_of_the_run():
    seen = eps_seen(EpochTrainCallbackDQNEpsLinearDecay(0.8, 0.2, decay_steps=48))
    assert seen[1:] == pytest.approx([0.8 - 0.6 * 24 / 48, 0.2])
    slow = eps_seen(EpochTrainCallbackDQNEpsLinearDecay(0.8, 0.2, decay_steps=1440))
    assert slow[1:] == pytest.approx([0.8 - 0.6 * 24 / 1440, 0.8 - 0.6 * 72 / 1440])


def test_a_callback_sets_how_often_tests_act_at_random_and_training_does_not_notice():
    def trained(*callbacks: Any) -> World:
        def configure(builder: DQNExperimentBuilder) -> DQNExperimentBuilder:
            for callback in callbacks:
                builder.with_epoch_test_callback(callback)
            return builder

        return run(configure=configure, num_test_envs=1, num_test_episodes=3)

    plain, random = trained(), trained(EpochTestCallbackDQNSetEps(1.0))
    assert (plain.algorithm.policy.eps_inference, random.algorithm.policy.eps_inference) == (0.0, 1.0)
    assert plain.state.test_means != random.state.test_means
    assert fingerprint(plain.policy) == fingerprint(random.policy)


@pytest.mark.parametrize(
    "callback", [EpochTrainCallbackDQNSetEps(0.3), EpochTrainCallbackDQNEpsLinearDecay(0.8, 0.2)], ids=lambda c: type(c).__name__
)
def test_callbacks_of_dqn_refuse_other_algorithms(callback):
    with pytest.raises(UsageError, match="of DQN, not of RecordingAlgorithm; leave it out"):
        tiny_run(RecordingExperimentBuilder, "CartPole-v1", configure=lambda builder: builder.with_epoch_train_callback(callback))


@pytest.mark.parametrize("eps", [-0.1, 1.1])
def test_an_epsilon_that_is_no_probability_is_refused(eps):
    for make in (
        lambda: EpochTrainCallbackDQNSetEps(eps),
        lambda: EpochTestCallbackDQNSetEps(eps),
        lambda: EpochTrainCallbackDQNEpsLinearDecay(eps, 0.1),
        lambda: EpochTrainCallbackDQNEpsLinearDecay(0.1, eps),
    ):
        with pytest.raises(ValueError, match="eps_t"):
            make()


@pytest.mark.parametrize(
    ("env", "steps"), [("CartPole-v1", 50_000), ("Acrobot-v1", 100_000), ("MountainCar-v0", 120_000), ("LunarLander-v3", 100_000)]
)
def test_a_recipe_is_a_run_that_off_policy_training_accepts(env, steps):
    experiment = plan("dqn", env)
    sampling = resolve_sampling(experiment.sampling_config, dict(DQNAgentFactory.default_sampling))
    OffPolicyTrainer.check_sampling(sampling)
    assert sampling.total_steps == steps
    assert experiment.agent_factory.params != DQNParams()


def test_a_stored_run_comes_back_with_its_callbacks_and_acts_as_its_policy(tmp_path):
    builder = DQNExperimentBuilder("CartPole-v1", tiny_config(tmp_path), REPLAYED)
    builder.with_epoch_train_callback(EpochTrainCallbackDQNSetEps(0.3)).with_epoch_test_callback(EpochTestCallbackDQNSetEps(0.1))
    builder.with_epoch_train_callback(EpochTrainCallbackDQNEpsLinearDecay(0.8, 0.2, 48))
    experiment = builder.with_dqn_params(DQNParams(n_step=2, huber_loss_delta=None)).with_model_factory_default((8,)).build()
    world = experiment.run("first").world
    restored = Experiment.from_directory(world.directory, restore_policy=False)
    assert restored == experiment
    policy = load_policy(world.directory)
    assert policy([0.0, 0.1, 0.0, -0.1]) in (0, 1)
