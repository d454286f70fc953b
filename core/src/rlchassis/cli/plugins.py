"""`rlchassis plugins`: what is installed, installing more, recording it, and switching off what is not wanted."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from rlchassis.cli.plugin_verbs import installing, listing, locking, switching

ACTIONS: tuple[tuple[str, str, Callable[[argparse.ArgumentParser], None]], ...] = (
    ("list", "one line per plugin", listing.add_list),
    ("info", "details of one plugin, with its options", listing.add_info),
    ("install", "install distributions into this Python environment", installing.add_install),
    ("upgrade", "install newer versions of distributions", installing.add_upgrade),
    ("uninstall", "remove distributions from this Python environment", installing.add_uninstall),
    ("freeze", "print the distributions with plugins that are installed, or that a run used", locking.add_freeze),
    ("sync", "install the distributions that a file or a run names, in the same versions", locking.add_sync),
    ("disable", "leave a distribution out until it is enabled again", switching.add_disable),
    ("enable", "let a disabled distribution take part again", switching.add_enable),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `plugins`."""
    actions = parser.add_subparsers(metavar=" | ".join(name for name, *_ in ACTIONS), dest="action", required=True)
    for name, summary, add in ACTIONS:
        add(actions.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", allow_abbrev=False))
