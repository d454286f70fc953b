"""What users of other libraries type, answered by the params of every installed algorithm."""

from __future__ import annotations

import attrs
import pytest

from rlchassis.config.tianshou_names import other_names
from rlchassis.errors import UsageError
from rlchassis.experiment.by_name import plan
from rlchassis.registry import FIRST_PARTY, load

PARAMS = {name: type(load("algorithm", name).agent_class().params) for name in FIRST_PARTY["algorithm"]}


@pytest.mark.parametrize("name", PARAMS)
def test_the_params_of_every_algorithm_answer_the_names_of_other_libraries(name):
    params = PARAMS[name]
    rates = " or ".join(f'"{field.name}"' for field in attrs.fields(params) if field.name in ("lr", "actor_lr", "critic_lr"))
    with pytest.raises(UsageError) as refusal:
        params(learning_rate=1e-3)
    assert str(refusal.value) == f"{params.__name__} has no 'learning_rate'. It is called {rates} here."
    with pytest.raises(UsageError, match=r'has no .batch_size.\. It is called "sampling\.batch_size"'):
        params(batch_size=64)


def test_every_parameter_that_another_librarys_became_is_one_of_some_algorithm():
    known = {f"params.{field.name}" for params in PARAMS.values() for field in attrs.fields(params)} | {"params.alpha.target_entropy"}
    answers = (answer if isinstance(answer, list) else [answer] for answer in other_names("counterparts").values())
    named = {each["is"] if isinstance(each, dict) else each for answer in answers for each in answer}
    assert {name for name in named if name.startswith("params.")} <= known


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"params": {"learning_rate": 1e-3}}, 'It is called "lr" here.'),
        ({"learning_rate": 1e-3}, 'It is called "params.lr" here.'),
        ({"lr": 1e-3}, 'Did you mean "params.lr"?'),
        ({"total_timesteps": 1000}, 'It is called "steps" here.'),
        ({"params": {"n_steps": 128}}, 'It is called "sampling.step_per_collect" (SamplingConfig in Python; counted over all'),
        ({"sampling": {"n_envs": 8}}, 'It is called "num_train_envs" here.'),
    ],
)
def test_settings_of_other_libraries_are_answered_by_where_they_stand_here(settings, said):
    with pytest.raises(UsageError) as refusal:
        plan("ppo", "CartPole-v1", steps=64, settings=settings)
    assert said in str(refusal.value)
