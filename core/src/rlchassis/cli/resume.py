"""`rlchassis resume`: go on with a run that ended early, or train a finished one on."""

from __future__ import annotations

import argparse
import signal
import sys

from rlchassis.cli.allowed import add_allow, allowed, asking_to_allow
from rlchassis.cli.messages import messages_on_stderr
from rlchassis.cli.progress import progress_on
from rlchassis.cli.settings import whole_number
from rlchassis.cli.train import after_train, print_result
from rlchassis.experiment import Experiment
from rlchassis.run.interruption import TERMINATING, Interruption


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `resume`."""
    add = parser.add_argument
    add("directory", metavar="DIR", help="a run directory")
    add("--steps", type=whole_number, metavar="N", help="environment steps to train to, in total, such as 1e5; needed for a finished run")
    add("--restart-schedules", action="store_true", help="let schedules begin anew and end with the run, instead of staying at their end")
    add("--strict", action="store_true", help="refuse to resume where the run cannot go on bit for bit")
    add_allow(parser)
    add("--debug", action="store_true", help="show the traceback of an error")
    parser.set_defaults(carry_out=carry_out)


def carry_out(arguments: argparse.Namespace) -> int:
    """Resume, run the after_train functions of installed commands, and print the results."""
    interruption = Interruption()
    with messages_on_stderr(), interruption.awaited((signal.SIGINT, *TERMINATING)), asking_to_allow():
        result = Experiment.resume(
            arguments.directory,
            arguments.steps,
            strict=arguments.strict,
            restart_schedules=arguments.restart_schedules,
            allow=allowed(arguments.allow),
            observers=(interruption, *progress_on(sys.stderr)),
        )
        after_train(result.world.directory)
    print_result(result, arguments.allow)
    return 0
