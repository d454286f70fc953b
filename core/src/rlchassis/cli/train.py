"""`rlchassis train`: an experiment put together by names, shown while it runs, and what can be typed next."""

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
    """The arguments of `train`."""
    add = parser.add_argument
    add("-h", "--help", action=HelpOfAlgorithm, help="show this; after ALGORITHM, its settings too, and the options of what was named")
    add("algorithm", metavar="ALGORITHM", nargs="?", help="an installed algorithm; `rlchassis plugins list` names them")
    add("env", metavar="ENV", nargs="?", help="a gymnasium id, module:id, or module:name for a class or function of yours that makes one")
    add(
        "--steps",
        type=whole_number,
        metavar="N",
        help="environment steps to train for, as 50000 or 1e5; needed where no recipe says it",
    )
    add("--seed", type=int, metavar="N", help="random seed; default 42")
    add("--name", metavar="NAME", help="name of the run directory; default date and time")
    add("--dir", metavar="DIR", help="directory of the run directories; default log")
    add("--if-exists", choices=("fail", "suffix"), default="fail", help="what to do where that name exists; default fail")
    add("--device", metavar="DEVICE", help="where networks learn: cpu, cuda, cuda:1; default cpu")
    add("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings", help="change a setting: params.lr=3e-4")
    add(
        "--config",
        metavar="FILE",
        help="settings in TOML or JSON, laid out like a recipe, or the experiment.json of a run",
    )
    add("--recipe", metavar="NAME", help="start from this recipe of the algorithm, or none; default the environment's own")
    add("--optimizer", metavar=COMPONENT, help="the optimizer; default adam")
    several: dict[str, Any] = {"action": "append", "default": [], "metavar": COMPONENT}
    add("--logger", **several, help="where metrics go besides metrics.jsonl; default tensorboard")
    add("--wrapper", **several, help="a layer around the policy, outside those that recipe and settings name")
    add("--with", **several, dest="extensions", help="an extension to activate")
    add("--stop", **several, help="when to stop early: reward=475, the mean return of a test; no-improvement:patience=5, in tests")
    add_allow(parser)
    add("--debug", action="store_true", help="show where a failure arose")
    parser.set_defaults(carry_out=carry_out)


def carry_out(arguments: argparse.Namespace) -> int:
    """Train, let installed verbs add what they have, and say where everything is."""
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
            _after_train(opening.directory)
    _tell(result, arguments.allow or experiment.env_factory.code_to_trust())
    return 0


@define(eq=False)
class Opening:
    """An observer that says, on the screen and in log.txt, what is about to be done and where."""

    recipe: str
    directory: Path | None = field(default=None, init=False)

    @hookimpl
    def rlchassis_train_start(self, world: Any) -> None:
        """Both, once the run stands."""
        self.directory = world.directory
        log.info(self.recipe)
        log.info("run directory: %s", shown(world.directory) if world.directory else "none, since nothing is to be stored")


def _after_train(directory: Path | None) -> None:
    """What installed verbs do with a run that has ended, a picture for example; no reason to lose one."""
    for plugin in after_train_verbs() if directory is not None else ():
        try:
            load(plugin.kind, plugin.reference).after_train(directory)
        except StoredFileError as error:
            log.info("%s: %s", plugin.name, error)
        except PluginError as error:
            log.warning("%s", error)
        except (Exception, SystemExit) as error:  # noqa: BLE001  foreign code fails as it likes
            log.warning("after_train of %s %s; the run is unaffected.", plugin.label, raised(error))


def _tell(result: ExperimentResult, own_code: Iterable[str]) -> None:
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
        return f"trained for {stats.env_steps} steps, without any test"
    return (
        f"test return {stats.best.mean:.2f} ± {stats.best.std:.2f} at step {stats.best.env_step}, the best of the tests; "
        f"the last: {stats.final.mean:.2f} ± {stats.final.std:.2f}"
    )


def shown(directory: Path) -> str:
    """A path as one would type it here."""
    return os.path.relpath(directory) if directory.is_relative_to(Path.cwd()) else str(directory)
