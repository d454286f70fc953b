"""Scripts with options, by run_cli."""

from __future__ import annotations

import logging

import pytest

from rlchassis_tianshou.highlevel.experiment import ExperimentConfig
from rlchassis_tianshou.utils import logging as script_logging
from rlchassis_tianshou.utils.options import arguments_of


def main(
    experiment_config: ExperimentConfig, task: str = "Ant-v4", hidden_sizes: tuple[int, ...] = (64, 64), lr: float = 3e-4, norm: bool = True
):
    """Train."""
    return experiment_config, task, hidden_sizes, lr, norm


def test_options_have_the_names_of_parameters_and_of_fields_of_configurations():
    argv = "--experiment_config.seed 7 --experiment_config.watch false --task Hopper-v5 --hidden_sizes (32,16) --lr 1e-3 --norm False"
    config, *rest = main(**arguments_of(main, argv.split()))
    assert (config.seed, config.watch, config.train) == (7, False, True)
    assert rest == ["Hopper-v5", (32, 16), 1e-3, False]


def test_without_options_a_function_gets_its_defaults():
    assert main(**arguments_of(main, [])) == (ExperimentConfig(), "Ant-v4", (64, 64), 3e-4, True)


@pytest.mark.parametrize("argv", [["--tasks", "x", "--nonsense", "1"], ["--lr", "fast"], ["--norm", "maybe"]], ids=str)
def test_an_option_that_no_parameter_takes_is_refused(argv, capsys):
    with pytest.raises(SystemExit):
        arguments_of(main, argv)
    assert "usage" in capsys.readouterr().err


def test_a_script_runs_with_its_messages_shown(monkeypatch):
    monkeypatch.setattr("sys.argv", ["script.py", "--task", "Walker2d-v5"])
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", logging.WARNING)
    assert script_logging.run_cli(main)[1] == "Walker2d-v5"
    assert script_logging.run_main(lambda: root.level) == logging.INFO
