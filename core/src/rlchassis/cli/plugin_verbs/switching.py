"""`rlchassis plugins disable | enable`: leave distributions out, for triage, without removing them."""

from __future__ import annotations

import argparse

from rlchassis.cli.output import say
from rlchassis.cli.plugin_verbs.installing import requirement_of
from rlchassis.errors import UsageError
from rlchassis.registry import installed
from rlchassis.registry.switches import disabled, disabled_file, write_disabled
from rlchassis.registry.wording import canonical, did_you_mean, listed, quoted


def add_disable(parser: argparse.ArgumentParser) -> None:
    """Arguments of `plugins disable`."""
    parser.add_argument("name", metavar="NAME", help="a plugin of this project, or a distribution")
    parser.set_defaults(carry_out=_disable)


def add_enable(parser: argparse.ArgumentParser) -> None:
    """Arguments of `plugins enable`."""
    parser.add_argument("name", metavar="NAME", help="a disabled distribution")
    parser.set_defaults(carry_out=_enable)


def _disable(asked: argparse.Namespace) -> int:
    name = canonical(requirement_of(asked.name))
    known = {canonical(plugin.distribution) for plugin in installed()} - {"rlchassis-core"}
    if name not in known:
        raise UsageError(f"no distribution {quoted(name)} with plugins is installed.{did_you_mean(name, known) or ''}")
    write_disabled(disabled() | {name})
    say(f"{name} is left out of this environment, as {disabled_file()} says; `rlchassis plugins enable {name}` lets it take part again.")
    return 0


def _enable(asked: argparse.Namespace) -> int:
    name, before = canonical(requirement_of(asked.name)), disabled()
    if name not in before:
        raise UsageError(f"{quoted(name)} is not disabled. Disabled: {listed(sorted(before)) or 'none'}.")
    write_disabled(before - {name})
    say(f"{name} takes part again.")
    return 0
