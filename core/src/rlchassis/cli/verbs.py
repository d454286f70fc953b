"""Commands of the command line: core's own, and those of plugins, which are listed without importing them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

from rlchassis.cli.verb_files import visible_fault
from rlchassis.errors import PluginError, UsageError, exits_are_errors, raised
from rlchassis.registry.discovery import installed
from rlchassis.registry.kinds import CORE_COMMANDS, first_party_distribution
from rlchassis.registry.loading import load
from rlchassis.registry.lookup import find
from rlchassis.registry.plugin import Plugin
from rlchassis.registry.wording import did_you_mean, printable, quoted

OWN = {
    "train": "train a policy",
    "resume": "go on with a run that ended early, or train a finished one on",
    "eval": "evaluate the policy of a run",
    "watch": "play the policy of a run, on the screen or as a video",
    "inspect": "show the configuration, provenance and scores of a run",
    "plugins": "list the installed plugins and their state",
    "doctor": "check the installation",
}
KIND = "command"


@dataclass(frozen=True)
class Verb:
    """A command: name, summary, and the function that adds its arguments to a parser."""

    name: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]


def verbs(*, for_help: bool = False) -> dict[str, Verb]:
    """All commands by name, core's first; unusable ones are listed with the reason.

    for_help: also check the source files of plugins' commands.
    """
    own = [Verb(name, OWN[name], partial(_add_own, name)) for name in CORE_COMMANDS]
    return {verb.name: verb for verb in (*own, *_of_plugins(for_help))}


def after_train_verbs() -> list[Plugin]:
    """Command plugins with an after_train function."""
    return [plugin for plugin in installed(KIND) if plugin.after_train and plugin.is_usable]


def require_verb(word: str) -> None:
    """UsageError, with the nearest command, if the first argument is not a command."""
    known = verbs()
    if word in known:
        return
    if first_party_distribution(KIND, word) or any(plugin.name == word for plugin in installed(KIND)):
        find(KIND, word)  # which says what to install, or which of several may be meant
    hint = did_you_mean(word, known) or f" There are: {', '.join(known)}."
    raise UsageError(f"no command {quoted(word)}.{hint} See `rlchassis --help`.")


def _of_plugins(for_help: bool) -> Iterator[Verb]:
    """Commands of plugins; a name of several distributions is listed with its distribution, names of core's own are skipped."""
    for plugin in installed(KIND):
        if plugin.name in CORE_COMMANDS:
            continue
        problem = for_help and visible_fault(plugin) if plugin.is_usable else plugin.problem
        summary = f"broken: {problem} ({plugin.source})" if problem else plugin.summary or f"a command of {plugin.source}"
        typed = plugin.reference if plugin.state == "conflict" else plugin.name
        yield Verb(typed, printable(summary), partial(_add_of_plugin, typed))


def _add_own(name: str, parser: argparse.ArgumentParser) -> None:
    import_module(f"rlchassis.cli.{name}").add_arguments(parser)


def _add_of_plugin(name: str, parser: argparse.ArgumentParser) -> None:
    plugin = find(KIND, name)
    module = load(KIND, name)
    try:
        module.add_arguments(parser)
    except (Exception, SystemExit) as error:
        raise PluginError(f"add_arguments of {plugin.label} {raised(error)}. Other plugins are unaffected.") from error
    parser.set_defaults(carry_out=partial(_carry_out, plugin, module))


def _carry_out(plugin: Plugin, module: Any, arguments: argparse.Namespace) -> int:
    """Run `main` with log messages on stderr; its result is the exit code."""
    from rlchassis.cli.messages import logged_on_stderr

    with logged_on_stderr("rlchassis"), logged_on_stderr(plugin.package), exits_are_errors(f"main of {plugin.label}"):
        code = module.main(arguments)
    if isinstance(code, bool) or not isinstance(code, int):
        raise PluginError(f"main of {plugin.label} returned {code!r}, expected an exit code; return 0 for success.")
    return code
