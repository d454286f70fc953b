"""DQN's callbacks say how often training acts at random to any algorithm that explores as DQN does."""

from __future__ import annotations

from typing import Any

import pytest

from rlchassis.api import UsageError, World
from rlchassis.experiment import (
    DiscreteSACExperimentBuilder,
    DQNExperimentBuilder,
    EpochTestCallbackDQNSetEps,
    EpochTrainCallbackDQNEpsLinearDecay,
    EpochTrainCallbackDQNSetEps,
    IQNExperimentBuilder,
)
from rlchassis_testkit.tiny_runs import tiny_run


def run(builder_class: Any, *, train: Any = None, test: Any = None) -> World:
    def configure(builder: Any) -> Any:
        if train is not None:
            builder.with_epoch_train_callback(train)
        return builder if test is None else builder.with_epoch_test_callback(test)

    return tiny_run(builder_class, "CartPole-v1", configure=configure)


@pytest.mark.parametrize("builder_class", [DQNExperimentBuilder, IQNExperimentBuilder])
def test_a_callback_sets_exploration_in_place_of_the_schedule(builder_class):
    policy: Any = run(builder_class, train=EpochTrainCallbackDQNSetEps(0.3), test=EpochTestCallbackDQNSetEps(0.2)).policy
    assert (policy.eps_training, policy.eps_inference) == (0.3, 0.2)


@pytest.mark.parametrize("builder_class", [DQNExperimentBuilder, IQNExperimentBuilder])
def test_a_callback_lets_exploration_fall_over_a_number_of_steps(builder_class):
    policy: Any = run(builder_class, train=EpochTrainCallbackDQNEpsLinearDecay(0.8, 0.2, decay_steps=960)).policy
    assert policy.eps_training == pytest.approx(0.8 - 0.6 * 72 / 960)


@pytest.mark.parametrize(
    "callback",
    [{"train": EpochTrainCallbackDQNSetEps(0.3)}, {"test": EpochTestCallbackDQNSetEps(0.2)}],
    ids=lambda callback: next(iter(callback)),
)
def test_exploration_callbacks_refuse_algorithms_without_epsilon(callback):
    with pytest.raises(UsageError, match="of DQN, not of DiscreteSAC; leave it out"):
        run(DiscreteSACExperimentBuilder, **callback)
