from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple

from rlchassis.collecting.warm_up import UniformPolicy
from rlchassis.envs import Environments, examples, is_masked, random_allowed, space_from_data, space_to_data, split_mask, without_mask
from rlchassis.envs.in_process import InProcessEnvironment
from rlchassis.envs.mask_sources import flat_mask
from rlchassis.envs.masks import ActionMask, marked
from rlchassis.envs.observations import Leaf
from rlchassis.envs.step_checks import UnfitAnswer
from rlchassis.errors import EnvironmentFailure, UnsupportedSpaceError
from rlchassis_testkit.masked_envs import Forbidding
from rlchassis_testkit.tiny_envs import Counter

VECTOR = Box(-1, 1, (2,), np.float32)


def masked_space(size: int = 3, action_space: Any = None, **more: Any) -> Any:
    parts = Dict({"observation": VECTOR, "action_mask": MultiBinary(size), **more})
    return Environments.from_spaces(parts, action_space or Discrete(size)).observation_space


def test_a_key_action_mask_of_the_size_of_discrete_actions_is_an_action_mask():
    assert is_masked(masked_space())
    assert is_masked(marked(Dict({"observation": VECTOR, "action_mask": MultiBinary(5)}), MultiDiscrete([2, 3])))
    mixed = Dict({"kind": Discrete(2), "power": VECTOR, "on": MultiBinary(1)})
    assert is_masked(marked(Dict({"observation": VECTOR, "action_mask": MultiBinary(4)}), mixed))
    assert not is_masked(Environments.from_spaces(Dict({"observation": VECTOR, "action_mask": MultiBinary(3)}), VECTOR).observation_space)
    assert not is_masked(Environments.from_spaces(Dict({"observation": VECTOR}), Discrete(3)).observation_space)


def test_a_key_action_mask_of_another_size_is_refused():
    with pytest.raises(
        UnsupportedSpaceError, match=r"'action_mask' is MultiBinary\(4\), expected one entry for each action, MultiBinary\(3\)"
    ):
        masked_space(4, Discrete(3))
    with pytest.raises(UnsupportedSpaceError, match="no parts besides the action mask"):
        Environments.from_spaces(Dict({"action_mask": MultiBinary(3)}), Discrete(3))


def test_without_mask_a_single_part_named_observation_stands_for_itself():
    assert without_mask(masked_space()) == VECTOR
    assert without_mask(masked_space(kind=Discrete(2))) == Dict({"observation": VECTOR, "kind": Discrete(2)})
    assert without_mask(VECTOR) == VECTOR
    assert split_mask({"observation": 1, "action_mask": 2}) == (1, 2)
    assert split_mask({"kind": 0, "observation": 1, "action_mask": 2}) == ({"kind": 0, "observation": 1}, 2)


def test_a_mask_of_several_parts_allows_something_in_each():
    space = ActionMask([2, 3])
    assert space.best(np.array([[1, 0, 0, 0, 1], [0, 0, 1, 1, 1]])).tolist() == [[1, 1], [0, 1]]
    leaf = Leaf(space, "action_mask")
    leaf.require_values(np.array([[1, 0, 0, 0, 1]], np.int8))
    with pytest.raises(UnfitAnswer, match="allows none of 3 actions of part 1") as refused:
        leaf.require_values(np.array([[1, 0, 0, 0, 1], [1, 1, 0, 0, 0]], np.int8))
    assert refused.value.row == 1
    assert all(space.best(each).all() for each in examples(space, 9))


def test_a_stored_space_with_an_action_mask_is_read_back():
    assert is_masked(space_from_data(space_to_data(masked_space())))


def test_each_example_of_an_action_mask_allows_an_action_and_some_forbid_one():
    masks = examples(masked_space(5), 16)["action_mask"]
    assert masks.any(-1).all()
    assert not masks.all()


def test_random_actions_are_uniform_among_the_allowed():
    obs = {"observation": torch.zeros(6000, 2), "action_mask": torch.tensor([[0, 1, 1, 0, 1]] * 6000)}
    policy = UniformPolicy(Discrete(5), np.random.default_rng(0), is_masked=True)
    actions, _ = policy.act(obs, explore=True, rng=torch.Generator())
    assert (torch.bincount(actions, minlength=5) / 6000).tolist() == pytest.approx([0, 1 / 3, 1 / 3, 0, 1 / 3], abs=0.02)


def test_random_actions_of_several_parts_are_allowed_in_each():
    mask = np.array([[0, 1, 1, 0, 1]] * 4000, np.int8)
    chosen = random_allowed(MultiDiscrete([2, 3]), mask, np.random.default_rng(0))
    assert set(map(tuple, chosen.tolist())) == {(1, 0), (1, 2)}


def test_random_actions_of_mixed_parts_are_allowed_in_the_discrete_and_random_in_the_continuous():
    obs = {"observation": torch.zeros(1000, 2), "action_mask": torch.tensor([[0, 1, 1, 0]] * 1000)}
    policy = UniformPolicy(Tuple([Discrete(2), Box(-1, 1, (1,)), Discrete(2)]), np.random.default_rng(0), is_masked=True)
    actions, _ = policy.act(obs, explore=True, rng=torch.Generator())
    assert (actions[:, :2] == torch.tensor([1.0, 0.0])).all()
    assert actions[:, 2].mean().item() == pytest.approx(0, abs=0.1)
    assert actions[:, 2].std().item() == pytest.approx(3**-0.5, abs=0.05)


class Masked(Forbidding):
    """Gives the masks of a list, one after another, or what `changed` makes of them."""

    def __init__(self, masks: Any, **more: Any) -> None:
        super().__init__(action_space=Discrete(3), **more)
        self.masks = iter(masks)

    def _answer(self, *, last: bool = False) -> Any:
        obs, info = super()._answer(last=last)
        self.mask = np.asarray(next(self.masks))
        return {**obs, "action_mask": self.mask}, info


def test_a_mask_that_allows_nothing_is_refused_with_environment_and_step():
    envs = InProcessEnvironment.open([partial(Masked, [[1, 1, 1]] * 5), partial(Masked, [[1, 1, 1], [1, 0, 0], [0, 0, 0]])])
    envs.reset([4, 5])
    envs.step(np.array([0, 0]))
    with pytest.raises(
        EnvironmentFailure, match=r"environment 1 \(seed 5\) answered an action mask that allows none of 3 actions.* step 2"
    ):
        envs.step(np.array([0, 0]))


def test_a_mask_that_allows_nothing_is_refused_at_a_reset_and_where_an_episode_is_truncated():
    envs = InProcessEnvironment.open([partial(Masked, [[0, 0, 0]])])
    with pytest.raises(EnvironmentFailure, match=r"allows none of 3 actions.* in its reset"):
        envs.reset([0])
    envs = InProcessEnvironment.open([partial(Masked, [[1, 0, 0], [0, 0, 0], [1, 0, 0]], length=1, cut=True)])
    envs.reset([0])
    with pytest.raises(EnvironmentFailure, match="allows none of 3 actions"):
        envs.step(np.array([0]))


def test_after_the_end_of_an_episode_a_mask_that_allows_nothing_counts_as_one_that_allows_everything():
    envs = InProcessEnvironment.open([partial(Masked, [[1, 0, 0], [0, 0, 0], [0, 1, 0]], length=1)])
    envs.reset([0])
    step, following = envs.step(np.array([0]))
    assert step.terminated.all()
    assert step.next_obs["action_mask"].tolist() == [[1, 1, 1]]
    assert following["action_mask"].tolist() == [[0, 1, 0]]


@pytest.mark.parametrize(("mask", "problem"), [([1, 0], "shape"), ([1, 2, 0], "2 at"), ([0.5, 1, 0], "0.5 at"), (["a", "b", "c"], "array")])
def test_a_mask_of_another_form_is_refused(mask, problem):
    envs = InProcessEnvironment.open([partial(Masked, [mask])])
    with pytest.raises(EnvironmentFailure, match=rf"answered .*{problem}.*'action_mask'|'action_mask'.*{problem}"):
        envs.reset([0])


@pytest.mark.parametrize("dtype", [bool, np.int8, np.int64, np.uint8, np.float32])
def test_masks_are_booleans_or_the_numbers_0_and_1_of_any_dtype(dtype):
    envs = InProcessEnvironment.open([partial(Masked, [np.array([1, 0, 1], dtype)])])
    assert envs.reset([0])["action_mask"].tolist() == [[1, 0, 1]]


@pytest.mark.parametrize("source", ["info", "method"])
def test_masks_of_info_and_of_a_method_are_moved_into_the_observation(source):
    given = [InProcessEnvironment.open([partial(Forbidding, way)] * 2) for way in ("observation", source)]
    expected, found = (envs.reset([3, 4]) for envs in given)
    assert is_masked(given[1].observation_space)
    for _ in range(12):
        assert laid_out(found) == laid_out(expected)
        actions = expected["action_mask"].argmax(-1)
        (one, expected), (other, found) = (envs.step(actions) for envs in given)
        assert laid_out(one._asdict()) == laid_out(other._asdict())


def laid_out(tree: Any) -> Any:
    return {key: laid_out(tree[key]) for key in sorted(tree)} if isinstance(tree, dict) else tree.tolist()


def test_masks_of_info_are_found_by_one_more_reset_of_the_first_environment():
    resets: list[int | None] = []

    class Counted(Forbidding):
        def reset(self, *, seed=None, options=None):
            resets.append(seed)
            return super().reset(seed=seed)

    for source, expected in (("info", [0, 5, 6]), ("none", [0, 5, 6]), ("method", [5, 6]), ("observation", [5, 6])):
        resets.clear()
        InProcessEnvironment.open([partial(Counted, source)] * 2).reset([5, 6])
        assert resets == expected, source


def test_environments_whose_modules_name_no_mask_are_not_reset_in_advance():
    counter = Counter()
    InProcessEnvironment.open([lambda: counter])
    assert counter.episode == 0


def test_the_masks_of_taxi_are_honoured():
    envs = InProcessEnvironment.open(
        [partial(gym.make, next(name for name in gym.registry if name.startswith("Taxi") and not deprecated(name)))]
    )
    assert is_masked(envs.observation_space)
    assert without_mask(envs.observation_space) == Discrete(500)


def deprecated(name: str) -> bool:
    return gym.spec(name).version < max(spec.version for spec in gym.registry.values() if spec.name == gym.spec(name).name)


class Silent(Forbidding):
    """Its mask is missing in the info of the third step."""

    def _answer(self, *, last: bool = False) -> Any:
        obs, info = super()._answer(last=last)
        return obs, {} if self.count == 3 else info


def test_an_info_without_the_mask_that_it_had_before_is_refused():
    envs = InProcessEnvironment.open([partial(Silent, "info")])
    obs = envs.reset([7])
    for _ in range(2):
        _, obs = envs.step(obs["action_mask"].argmax(-1))
    with pytest.raises(EnvironmentFailure, match=r"environment 0 \(seed 7\) answered an info without 'action_mask'.* step 3"):
        envs.step(obs["action_mask"].argmax(-1))


def test_an_episode_may_end_without_a_mask():
    envs = InProcessEnvironment.open([partial(Silent, "info", length=3)])
    obs = envs.reset([7])
    for _ in range(3):
        step, obs = envs.step(obs["action_mask"].argmax(-1))
    assert step.terminated.all()
    assert step.next_obs["action_mask"].all()


class Elsewhere(gym.Env[Any, Any]):
    """Gives masks under a key that is put together."""

    observation_space, action_space, last = VECTOR, Discrete(2), "mask"

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        return np.zeros(2, np.float32), {"action_" + self.last: np.ones(2, np.int8)}


Elsewhere.__module__ = "elsewhere"


def test_masks_of_info_that_were_not_found_in_advance_are_refused_rather_than_ignored():
    envs = InProcessEnvironment.open([Elsewhere])
    with pytest.raises(
        EnvironmentFailure, match=r"answered an info with 'action_mask', which is found in advance only where .*action_masks\(\)"
    ):
        envs.reset([0])


def test_box_actions_have_no_masks_whatever_info_says():
    class Continuous(Forbidding):
        def __init__(self) -> None:
            super().__init__("info")
            self.action_space = VECTOR

    envs = InProcessEnvironment.open([Continuous])
    assert not is_masked(envs.observation_space)
    assert envs.reset([0]).shape == (1, 3)


def test_a_mask_may_be_given_as_one_array_for_each_part_of_an_action():
    assert flat_mask((np.array([1, 0]), np.array([0, 1, 1])), (2, 3)).tolist() == [1, 0, 0, 1, 1]
    assert flat_mask((1, 0, 1), (3,)) == (1, 0, 1)


def test_an_environment_that_fails_in_the_reset_that_looks_for_a_mask_fails_when_its_first_episode_begins():
    class Failing(Forbidding):
        def reset(self, *, seed=None, options=None):
            raise RuntimeError("the licence server is down")

    envs = InProcessEnvironment.open([partial(Failing, "info")])
    with pytest.raises(EnvironmentFailure, match=r"environment 0 \(seed 3\) raised RuntimeError: the licence server is down"):
        envs.reset([3])
