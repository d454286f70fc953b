"""A stored policy acts on numpy alone: one observation or many, in the environment's own bounds."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import torch
from attrs import frozen
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple
from torch import nn

import rlchassis
from rlchassis.errors import StoredFileError, UsageError
from rlchassis.experiment import EnvFactoryCallable, Experiment, Mode, PPOExperimentBuilder
from rlchassis_obs_norm import PolicyWrapperFactoryObsNorm
from rlchassis_testkit.any_spaces import AnySpaces
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling
from rlchassis_testkit.tiny_envs import Counter, Receiver
from rlchassis_toolkit import ActorFactory, ActorFactoryDefault


def stored(tmp_path, env, configure=lambda builder: builder, **config):
    builder = PPOExperimentBuilder(env, tiny_config(tmp_path, **config), tiny_sampling(num_test_envs=0))
    return configure(builder).build().run("run").world


def dict_counter():
    return Counter(as_dict=True)


def lopsided():
    return Receiver([-1.0, 2.0], [3.0, np.inf])


@pytest.fixture(scope="module")
def cartpole(tmp_path_factory):
    return stored(
        tmp_path_factory.mktemp("log"), "CartPole-v1", lambda builder: builder.with_policy_wrapper_factory(PolicyWrapperFactoryObsNorm())
    )


def test_one_observation_gets_one_action_and_a_batch_as_many(cartpole):
    policy = rlchassis.load_policy(cartpole.directory)
    batch = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    single = [policy(obs) for obs in batch]
    assert all(np.shape(action) == () and action in (0, 1) for action in single)
    together = policy(batch)
    assert isinstance(together, np.ndarray)
    assert together.shape == (5,)
    assert together.tolist() == single
    assert gym.make("CartPole-v1").action_space.contains(single[0])


def test_lists_and_doubles_are_observations_too(cartpole):
    policy = rlchassis.load_policy(cartpole.directory)
    assert policy([0.1, 0.2, 0.3, 0.4]) == policy(np.array([0.1, 0.2, 0.3, 0.4], np.float64))


@pytest.mark.parametrize("obs", [np.zeros(3), np.zeros((2, 3)), np.zeros((1, 2, 4)), 3.0, {"a": 1}])
def test_an_observation_of_another_shape_is_refused(cartpole, obs):
    with pytest.raises(UsageError, match="an observation of shape"):
        rlchassis.load_policy(cartpole.directory)(obs)


@pytest.mark.parametrize("obs", [["a", "b", "c", "d"], [[1, 2], [3]]])
def test_a_loaded_policy_refuses_observations_that_are_no_numbers(cartpole, obs):
    with pytest.raises(UsageError, match=r"expected an observation of Box\(4,\)"):
        rlchassis.load_policy(cartpole.directory)(obs)


@pytest.mark.parametrize("episodes", [0, -1, "5", 2.5])
def test_episodes_are_a_whole_number(cartpole, episodes):
    with pytest.raises(UsageError, match="episodes must be a whole number of at least 1"):
        rlchassis.evaluate(cartpole.directory, episodes)


def test_a_loaded_policy_acts_as_the_stored_one(cartpole):
    obs = np.random.default_rng(2).normal(size=(7, 4)).astype(np.float32)
    cartpole.policy.eval()
    actions, _ = cartpole.policy.act(torch.from_numpy(obs), explore=False, rng=torch.Generator())
    assert rlchassis.load_policy(cartpole.directory)(obs).tolist() == actions.tolist()


def test_actions_stand_in_the_environments_own_bounds(tmp_path):
    policy = rlchassis.load_policy(stored(tmp_path, lopsided).directory)
    with torch.no_grad():
        for p in policy.policy.parameters():
            p.copy_(torch.randn_like(p) * 5)
    actions = policy(np.linspace(-1, 1, 50, dtype=np.float32)[:, None])
    assert actions.dtype == np.float32
    assert (actions[:, 0] >= -1).all()
    assert (actions[:, 0] <= 3).all()
    assert lopsided().action_space.shape == policy(np.zeros(1)).shape


class Narrow(Counter):
    """Shows numbers of eight bits and takes an action without dimensions."""

    def __init__(self):
        super().__init__()
        self.observation_space, self.action_space = gym.spaces.Box(-3, 3, (1,), np.int8), gym.spaces.Box(-1, 2, ())

    def _observation(self):
        return np.array([self.count], np.int8)


def test_numbers_that_the_space_does_not_hold_are_refused_and_actions_are_of_theirs(tmp_path):
    policy = rlchassis.load_policy(stored(tmp_path, Narrow).directory)
    action = policy(np.array([3], np.int64))
    assert (type(action), action.dtype, action.shape) == (np.ndarray, np.float32, ())
    assert policy([[3], [2]]).shape == (2,)
    for obs, got in (([259], "259 at"), ([0.5], "0.5 at"), ([[0], [-4]], "-4 at"), ([float("nan")], "nan at")):
        with pytest.raises(
            UsageError, match=rf"expected an observation of Box\(1,\) of int8: got {got} \[0\] in its observation, expected a whole"
        ):
            policy(obs)


def test_dict_observations_are_dicts_one_or_many(tmp_path):
    policy = rlchassis.load_policy(stored(tmp_path, dict_counter).directory)
    one = {"shown": np.zeros(1, np.float32), "steps": 1}
    many = {"shown": np.zeros((3, 1), np.float32), "steps": np.array([1, 1, 1])}
    assert policy(many).tolist() == [policy(one)] * 3
    for lacking in (np.zeros(1), {"shown": np.zeros(1)}):
        with pytest.raises(UsageError, match="expected a dict observation with the keys shown, steps"):
            policy(lacking)
    with pytest.raises(UsageError, match="batches of one size"):
        policy(many | {"steps": np.array([1, 1])})
    with pytest.raises(UsageError, match="batches of one size"):
        policy(many | {"steps": 1})


SEEN = Tuple([Box(-1.0, 1.0, (2,)), Tuple([Discrete(3, start=4), MultiDiscrete([2, 2])])])
CHOSEN = Dict({"grip": Discrete(3, start=-1), "move": Box(0.0, 8.0, (2,), np.float64), "keys": Tuple([MultiBinary(2)])})


def test_tuples_are_observed_and_structured_actions_are_answered_one_or_many(tmp_path):
    policy = rlchassis.load_policy(stored(tmp_path, lambda: AnySpaces(SEEN, CHOSEN)).directory)
    vector, (kind, pair) = one = SEEN.sample()
    many = (np.stack([vector] * 3), (np.stack([kind] * 3), np.stack([pair] * 3)))
    action, actions = policy(one), policy(many)
    assert CHOSEN.contains(action)
    assert str(policy({"0": vector, "1": one[1]})) == str(action)
    assert actions["grip"].tolist() == [action["grip"]] * 3
    assert actions["move"] == pytest.approx(np.stack([action["move"]] * 3))
    assert actions["keys"][0].tolist() == [action["keys"][0].tolist()] * 3
    for lacking in (vector, (vector,), (vector, (kind,)), (vector, 3)):
        with pytest.raises(UsageError, match="expected a tuple observation of 2 parts"):
            policy(lacking)
    with pytest.raises(UsageError, match="expected the parts of an observation to be all single or batches of one size"):
        policy((many[0], one[1]))


@frozen
class OwnActor(ActorFactory):
    width: int = 3

    def create_module(self, envs, device):
        return ActorFactoryDefault((self.width,), nn.ReLU).create_module(envs, device)


def test_users_own_networks_are_handed_over_and_the_printed_line_says_how(tmp_path):
    directory = stored(tmp_path, "CartPole-v1", lambda builder: builder.with_actor_factory(OwnActor(5))).directory
    with pytest.raises(StoredFileError, match="pass it in allow") as caught:
        rlchassis.load_policy(directory)
    line = str(caught.value).partition("pass it in allow: ")[2]
    policy = eval(line, {"load_policy": rlchassis.load_policy, "OwnActor": OwnActor})
    assert policy(np.zeros(4)) in (0, 1)


def test_weights_alone_ask_the_recipe_for_environment_and_networks(tmp_path):
    directory = stored(tmp_path, Counter, policy_persistence_mode=Mode.POLICY_STATE_DICT).directory
    with pytest.raises(StoredFileError, match="pass it in allow: load_policy"):
        rlchassis.load_policy(directory)
    assert rlchassis.load_policy(directory, allow=[Counter])(np.zeros(1)) in (0, 1)


def test_a_device_that_is_not_there_is_refused(cartpole):
    with pytest.raises(UsageError, match="is not available"):
        rlchassis.load_policy(cartpole.directory, device="cuda:9")


def test_callbacks_of_a_run_are_not_needed_to_evaluate_it(tmp_path):
    from rlchassis.experiment import EpochTrainCallback

    class Local(EpochTrainCallback):
        def callback(self, epoch, env_step, context):
            pass

    directory = stored(tmp_path, "CartPole-v1", lambda builder: builder.with_epoch_train_callback(Local())).directory
    assert len(rlchassis.evaluate(directory, episodes=1).returns) == 1
    with pytest.raises(StoredFileError, match=r"allow=\[Local\]"):
        Experiment.from_directory(directory)
    assert Experiment.from_directory(directory, allow=[Local]).callbacks.train[0].__class__ is Local


@frozen
class Flattened(EnvFactoryCallable):
    """Makes its environments one by one in one way, and together in another."""

    def create_venv(self, num_envs, mode):
        return EnvFactoryCallable(lambda: gym.wrappers.FlattenObservation(dict_counter())).create_venv(num_envs, mode)


def test_a_state_dict_is_rebuilt_from_the_spaces_that_it_was_trained_in(tmp_path):
    directory = stored(tmp_path, Flattened(dict_counter), policy_persistence_mode=Mode.POLICY_STATE_DICT).directory
    allow = [Flattened, dict_counter]
    assert rlchassis.load_policy(directory, allow=allow)(np.zeros(5, np.float32)) in (0, 1)
    assert rlchassis.evaluate(directory, 1, allow=allow).lengths == (3,)
