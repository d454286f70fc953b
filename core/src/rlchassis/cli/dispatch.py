"""Command dispatch: from arguments to a command, and from its result to an exit code. Imports little, for fast start-up."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any, NoReturn

from rlchassis.cli.output import complain, say
from rlchassis.cli.verbs import require_verb, verbs
from rlchassis.errors import UsageError, exits_are_errors, str_of
from rlchassis.registry.wording import did_you_mean

DONE, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130
LONGEST_LINE = 2000


class Parser(argparse.ArgumentParser):
    """Argument parser that reports errors in one sentence."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.color = False  # from Python 3.14 on help has colours, which are escape sequences

    def print_help(self, file: Any = None) -> None:
        """Print the help on stdout."""
        say(*self.format_help().rstrip("\n").split("\n"))

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Parse; unknown arguments are reported by the command's own parser, with the nearest option."""
        found, surplus = super().parse_known_args(args, namespace)
        if surplus:
            hint = did_you_mean(surplus[0].partition("=")[0], self._option_string_actions) if surplus[0].startswith("-") else ""
            self.error(f"unrecognized arguments: {' '.join(surplus)}.{hint}")
        return found, surplus

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with a reference to --help."""
        sentence = f"{message} See" if message.endswith("?") else f"{message.rstrip('.')}; see"
        raise UsageError(f"{sentence} `{self.prog} --help`.")


class Version(argparse.Action):
    """--version; looks the version up on use."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option_string: str | None = None
    ) -> None:
        """Print the version and exit."""
        from importlib.metadata import version

        say(version("rlchassis-core"))
        parser.exit()


def main(words: Sequence[str] | None = None) -> int:
    """Run a command; exit codes: 0 success, 1 failure, 2 invalid usage or input, 128 + n stopped by signal n."""
    if words is not None:
        return _exit_code(list(words))
    try:
        return _exit_code(sys.argv[1:])
    except KeyboardInterrupt:  # while a failure was reported
        return INTERRUPTED
    finally:
        _leave_ctrl_c_to_the_system()


def _exit_code(words: Sequence[str]) -> int:
    try:
        return _carried_out(words)
    except KeyboardInterrupt as end:
        return _code_of(end)
    except BaseException as error:  # noqa: BLE001  whatever a run fails of becomes one line and an exit code
        code, signalled = _failed(error, words), _answered_signal(error)
        return code if signalled is None else _code_of(signalled)


def _code_of(end: KeyboardInterrupt) -> int:
    return getattr(end, "exit_code", INTERRUPTED)


def _answered_signal(error: BaseException) -> KeyboardInterrupt | None:
    """The signal that stopped the command, if an error was raised during shutdown."""
    seen: set[int] = set()
    earlier: BaseException | None = error
    while earlier is not None and id(earlier) not in seen:
        if isinstance(earlier, KeyboardInterrupt):
            return earlier
        seen.add(id(earlier))
        earlier = earlier.__cause__ or earlier.__context__
    return None


def _leave_ctrl_c_to_the_system() -> None:
    """Restore the default SIGINT handler: the program is about to exit."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _carried_out(words: Sequence[str]) -> int:
    try:
        if words and not words[0].startswith("-"):
            require_verb(words[0])
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
    complain(f"rlchassis: {_bounded(str(error) if misused else _one_line(error))}", *map(_bounded, _notes(error)))
    return MISUSED if misused else FAILED


def _parser(words: Sequence[str]) -> Parser:
    """Parser of the given command with its arguments, or of all commands without theirs where none is given."""
    parser = Parser(prog="rlchassis", description="Reinforcement learning with a plugin architecture.", allow_abbrev=False)
    parser.add_argument("--version", action=Version, nargs=0, help="print the version of rlchassis-core")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command", required=True)
    asked = {word for word in words[:1] if not word.startswith("-")}
    for name, verb in verbs(for_help=not asked).items():
        if asked and name not in asked:
            continue
        its_parser = commands.add_parser(
            name, help=verb.summary.replace("%", "%%"), description=_sentence(verb.summary), allow_abbrev=False, conflict_handler="resolve"
        )
        if asked:
            verb.add_arguments(its_parser)
    return parser


def _sentence(summary: str) -> str:
    return f"{summary[:1].upper()}{summary[1:].rstrip('.')}.".replace("%", "%%")


def _one_line(error: BaseException) -> str:
    first = str_of(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _bounded(text: str) -> str:
    """Shorten long text in the middle, such as a number of thousands of digits."""
    return text if len(text) <= LONGEST_LINE else f"{text[: LONGEST_LINE // 2]} … {text[-LONGEST_LINE // 2 :]}"


def _notes(error: BaseException) -> list[str]:
    """Notes of an error, such as the hook that raised it, except those of core's own hooks."""
    notes = [str(note) for note in getattr(error, "__notes__", ())]
    return [f"  {line}" for note in notes if not note.endswith(" of rlchassis-core") for line in note.splitlines()]
