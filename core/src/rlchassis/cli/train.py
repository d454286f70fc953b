"""`rlchassis train`: configure an experiment by names, run it, and suggest the next commands."""

from __future__ import annotations

import argparse
import logging
import os
import shlex
import signal
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from attrs import define, field

from rlchassis.cli.algorithm_help import HelpOfAlgorithm
from rlchassis.cli.allowed import add_allow
from rlchassis.cli.messages import messages_on_stderr
from rlchassis.cli.output import say
from rlchassis.cli.planned import planned
from rlchassis.cli.progress import progress_on
from rlchassis.cli.settings import whole_number
from rlchassis.cli.verbs import after_train_verbs, verbs
from rlchassis.errors import PluginError, StoredFileError, raised
from rlchassis.experiment import ExperimentResult, InfoStats
from rlchassis.hookspecs import hookimpl
from rlchassis.registry import load
from rlchassis.run.interruption import TERMINATING, Interruption

log = logging.getLogger(__name__)
COMPONENT = "NAME[:OPTION=VALUE,...]"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `train`."""
    add = parser.add_argument
    add(
        "-h",
        "--help",
        action=HelpOfAlgorithm,
        help="show this help; after ALGORITHM also its settings, and the options of components named before",
    )
    add("algorithm", metavar="ALGORITHM", nargs="?", help="an installed algorithm; see `rlchassis plugins list`")
    add(
        "env",
        metavar="ENV",
        nargs="?",
        help="a gymnasium id, SOURCE/TASK of an installed environment source, module:id, or module:name of your own environment class "
        "or function that creates one",
    )
    add(
        "--steps",
        type=whole_number,
        metavar="N",
        help="total environment steps, such as 50000 or 1e5; required if no recipe sets it",
    )
    add("--seed", type=int, metavar="N", help="random seed; default 42")
    add("--name", metavar="NAME", help="name of the run directory; default date and time")
    add("--dir", metavar="DIR", help="directory of the run directories; default log")
    add("--if-exists", choices=("fail", "suffix"), default="fail", help="what to do if the run directory exists; default fail")
    add("--device", metavar="DEVICE", help="torch device: cpu, cuda, cuda:1; default cpu")
    add("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings", help="change a setting: params.lr=3e-4")
    add(
        "--config",
        metavar="FILE",
        help="file of settings in TOML or JSON, in the format of a recipe, or the experiment.json of a run",
    )
    add("--recipe", metavar="NAME", help="tuned settings of the algorithm to start from, or none; default those for ENV")
    add("--buffer", metavar=COMPONENT, help="the replay buffer, such as her:strategy=future; default that of the sampling settings")
    several: dict[str, Any] = {"action": "append", "default": [], "metavar": COMPONENT}
    add(
        "--optimizer",
        **several,
        help="the optimizer, default adam; once more with a role for the optimizer of that role, such as critic=adam:eps=1e-5",
    )
    add("--logger", **several, help="logger of metrics, besides metrics.jsonl; default tensorboard")
    add("--wrapper", **several, help="a policy wrapper, added around those of recipe and settings")
    add("--with", **several, dest="extensions", help="an extension to enable")
    add(
        "--stop",
        **several,
        help="early stopping: reward=475 (mean return of a test), no-improvement:patience=5 (tests without improvement), "
        "metric:metric=test/is_success,threshold=0.95",
    )
    add_allow(parser)
    add("--debug", action="store_true", help="show the traceback of an error")
    parser.set_defaults(carry_out=carry_out)


def carry_out(arguments: argparse.Namespace) -> int:
    """Train, run the after_train functions of installed commands, and print the results and next commands."""
    experiment, beginning = planned(arguments)
    opening, interruption = Opening(beginning), Interruption()
    with messages_on_stderr(), interruption.awaited((signal.SIGINT, *TERMINATING)):
        try:
            result = experiment.run(
                arguments.name,
                suffix_if_exists=arguments.if_exists == "suffix",
                observers=(opening, interruption, *progress_on(sys.stderr)),
            )
        finally:
            after_train(opening.directory)
    print_result(result, arguments.allow or experiment.env_factory.code_to_trust())
    return 0


@define(eq=False)
class Opening:
    """Observer that logs recipe and run directory at the start."""

    recipe: str
    directory: Path | None = field(default=None, init=False)

    @hookimpl
    def rlchassis_train_start(self, world: Any) -> None:
        """Log recipe and run directory."""
        self.directory = world.directory
        log.info(self.recipe)
        log.info("run directory: %s", shown(world.directory) if world.directory else "none (persistence is disabled)")


def after_train(directory: Path | None) -> None:
    """Call after_train of installed commands, such as `plot`; errors are logged and do not fail the run."""
    for plugin in after_train_verbs() if directory is not None else ():
        try:
            load(plugin.kind, plugin.reference).after_train(directory)
        except StoredFileError as error:
            log.info("%s: %s", plugin.name, error)
        except PluginError as error:
            log.warning("%s", error)
        except (Exception, SystemExit) as error:  # noqa: BLE001  foreign code fails as it likes
            log.warning("after_train of %s %s; the run is unaffected.", plugin.label, raised(error))


def print_result(result: ExperimentResult, own_code: Iterable[str]) -> None:
    """Print the score, the run directory and commands to go on with."""
    directory = result.world.directory
    if result.trainer_result is None:
        return
    say(_score(result.trainer_result))
    if directory is not None:
        episodes, place = "" if result.trainer_result.best else " --episodes 10", shlex.quote(shown(directory))
        say(f"run directory: {shown(directory)}", "next:")
        allow = "".join(f" --allow {shlex.quote(name)}" for name in own_code)
        plot = [f"  rlchassis plot {place}"] if "plot" in verbs() else []
        say(f"  rlchassis eval {place}{episodes}{allow}", *plot, f"  rlchassis watch {place}{allow}")


def _score(stats: InfoStats) -> str:
    if stats.best is None or stats.final is None:
        return f"trained for {stats.env_steps} steps, without tests"
    return (
        f"test return {stats.best.mean:.2f} ± {stats.best.std:.2f} at step {stats.best.env_step}, the best of the tests; "
        f"the last: {stats.final.mean:.2f} ± {stats.final.std:.2f}"
    )


def shown(directory: Path) -> str:
    """A path relative to the current directory, if it is inside."""
    return os.path.relpath(directory) if directory.is_relative_to(Path.cwd()) else str(directory)
