"""Parts that take any keywords, such as torch-optim: their keywords are stored, shown, changed and restored."""

from __future__ import annotations

import pytest
from torch.optim import RAdam

from rlchassis.errors import UsageError
from rlchassis.experiment import Experiment, PPOExperimentBuilder, plan
from rlchassis.storage.stored_configuration import read_settings
from rlchassis_torch_optim import OptimizerFactoryTorch

FACTORY = OptimizerFactoryTorch("NAdam", betas=(0.8, 0.9), momentum_decay=0.5)


@pytest.fixture
def stored(tmp_path):
    PPOExperimentBuilder("CartPole-v1").with_optim_factory(FACTORY).build().save(tmp_path)
    return tmp_path


def test_keywords_are_stored_and_restored(stored):
    assert Experiment.from_directory(stored).agent_factory.optim_factory == FACTORY


def test_keywords_are_shown(stored):
    shown = read_settings(stored)
    assert {name: shown[f"optim_factory.{name}"] for name in ("name", "betas", "momentum_decay")} == {
        "name": "NAdam", "betas": [0.8, 0.9], "momentum_decay": 0.5,
    }  # fmt: skip


def test_keywords_are_changed(stored):
    again = plan(experiment=stored, settings={"optim_factory": {"momentum_decay": 0.25}}).agent_factory.optim_factory
    assert again == OptimizerFactoryTorch("NAdam", betas=(0.8, 0.9), momentum_decay=0.25)
    with pytest.raises(UsageError, match='NAdam has no option "bets"'):
        plan(experiment=stored, settings={"optim_factory": {"bets": 1}})


def test_keywords_in_words_are_those_in_a_table():
    words = plan("ppo", "CartPole-v1", optimizer="torch-optim:name=NAdam,betas=[0.8,0.9],momentum_decay=0.5").agent_factory
    assert words.optim_factory == FACTORY


class Own(RAdam):
    """A class that no plugin registers."""


def test_a_class_among_the_keywords_is_restored_where_it_is_allowed(tmp_path):
    PPOExperimentBuilder("CartPole-v1").with_optim_factory(OptimizerFactoryTorch(Own, eps=0.5)).build().save(tmp_path)
    with pytest.raises(UsageError, match="pass it in allow"):
        Experiment.from_directory(tmp_path)
    assert Experiment.from_directory(tmp_path, allow=[Own]).agent_factory.optim_factory == OptimizerFactoryTorch(Own, eps=0.5)
