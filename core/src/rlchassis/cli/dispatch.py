"""From the words of a command to its verb, and from what came of it to an exit code. Imports little, so that it answers at once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

from rlchassis.cli.output import complain, say
from rlchassis.errors import UsageError, exits_are_errors, str_of

VERBS = {
    "train": "train a policy",
    "eval": "score the policy of a run",
    "watch": "play the policy of a run, on the screen or into a video",
    "plot": "draw the learning curves of runs",
    "inspect": "tell what a run directory holds",
    "plugins": "tell which plugins are installed",
    "doctor": "tell whether everything needed for training is there",
}
DONE, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130


class Parser(argparse.ArgumentParser):
    """Reports misuse in one sentence and prints its help as everything else is printed."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.color = False  # from Python 3.14 on help has colours, which are escape sequences

    def print_help(self, file: Any = None) -> None:
        """Print it on stdout."""
        say(*self.format_help().rstrip("\n").split("\n"))

    def error(self, message: str) -> NoReturn:
        """Say where to look, too."""
        raise UsageError(f"{message.rstrip('.')}; see `{self.prog} --help`.")


class Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: str | None = None
    ) -> None:
        """Print and leave."""
        from importlib.metadata import version

        say(version("rlchassis-core"))
        parser.exit()


def main(words: Sequence[str] | None = None) -> int:
    """Carry out a command; 0: done, 1: it failed, 2: wrong usage or unusable input, 128 + n: signal n ended it."""
    words = sys.argv[1:] if words is None else list(words)
    try:
        return _carried_out(words)
    except KeyboardInterrupt as end:
        return getattr(end, "exit_code", INTERRUPTED)
    except BaseException as error:  # noqa: BLE001  whatever a run fails of becomes one line and an exit code
        return _failed(error, words)


def _carried_out(words: Sequence[str]) -> int:
    try:
        arguments = _parser(words).parse_args(words)
    except SystemExit as end:  # argparse's own, after --help or --version
        return end.code if isinstance(end.code, int) else DONE
    with exits_are_errors("this command"):
        return int(arguments.carry_out(arguments))


def _failed(error: BaseException, words: Sequence[str]) -> int:
    if "--debug" in words:
        import traceback

        complain(*"".join(traceback.format_exception(error)).splitlines())
    misused = isinstance(error, UsageError)
    complain(f"rlchassis: {error if misused else _one_line(error)}", *_notes(error))
    return MISUSED if misused else FAILED


def _parser(words: Sequence[str]) -> Parser:
    """Knows all verbs, and the arguments of the one that is meant."""
    parser = Parser(prog="rlchassis", description="Reinforcement learning on a chassis.", allow_abbrev=False)
    parser.add_argument("--version", action=Version, nargs=0, help="print the version of rlchassis-core")
    verbs = parser.add_subparsers(metavar="VERB", dest="verb", required=True)
    for verb, summary in VERBS.items():
        its_parser = verbs.add_parser(
            verb, help=summary, description=f"{summary.capitalize()}.", allow_abbrev=False, conflict_handler="resolve"
        )
        if verb in words[:1]:
            import_module(f"rlchassis.cli.{verb}").add_arguments(its_parser)
    return parser


def _one_line(error: BaseException) -> str:
    first = str_of(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _notes(error: BaseException) -> list[str]:
    """What was added on the way: which hook raised it, unless it is core's own, and whatever an author had to say."""
    notes = [str(note) for note in getattr(error, "__notes__", ())]
    return [f"  {line}" for note in notes if not note.endswith(" of rlchassis-core") for line in note.splitlines()]
