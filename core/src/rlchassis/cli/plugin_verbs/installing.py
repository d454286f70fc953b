"""`rlchassis plugins install | upgrade | uninstall`: uv or pip, for the Python that runs this; the command is shown before it runs."""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence

from rlchassis.cli.output import say
from rlchassis.errors import UsageError
from rlchassis.registry import first_party_distribution, installed
from rlchassis.registry.kinds import FIRST_PARTY, KINDS
from rlchassis.registry.wording import canonical, did_you_mean, quoted

CLIENTS = ("uv", "pip")


def add_install(parser: argparse.ArgumentParser) -> None:
    """Arguments of `plugins install`."""
    _add_names(parser, "a plugin of this project such as sac, or a distribution as the client takes it, such as acme-rl==1.2 or ./folder")
    parser.set_defaults(carry_out=lambda asked: run(asked, ["install"], [requirement_of(name) for name in asked.names]))


def add_upgrade(parser: argparse.ArgumentParser) -> None:
    """Arguments of `plugins upgrade`."""
    _add_names(parser, "a plugin of this project, or a distribution")
    parser.set_defaults(carry_out=lambda asked: run(asked, ["install", "--upgrade"], [requirement_of(name) for name in asked.names]))


def add_uninstall(parser: argparse.ArgumentParser) -> None:
    """Arguments of `plugins uninstall`."""
    _add_names(parser, "a plugin of this project, or a distribution")
    parser.set_defaults(carry_out=_uninstall)


def add_client(parser: argparse.ArgumentParser) -> None:
    """The options of everything that runs a client."""
    parser.add_argument("--client", choices=CLIENTS, help="what installs; default: uv where it is on the path, else pip")
    parser.add_argument("--dry-run", action="store_true", help="show the command, and do not run it")


def run(asked: argparse.Namespace, action: Sequence[str], words: Sequence[str], answers: Sequence[str] = ()) -> int:
    """Show a client's command and run it; returns its exit code. answers: options of pip in place of its questions."""
    client = asked.client or ("uv" if shutil.which("uv") else "pip")
    if client == "uv":
        command = ["uv", "pip", *action, "--python", sys.executable, *words]
    else:
        command = [sys.executable, "-m", "pip", *action, *answers, *words]
    say(shlex.join(command))
    if asked.dry_run:
        return 0
    try:
        return subprocess.run(command, check=False).returncode
    except OSError as error:
        raise UsageError(f"{command[0]} cannot be run ({error.strerror or error}); choose another with --client.") from error


def requirement_of(name: str) -> str:
    """The distribution of a first-party plugin, or the name as it is; UsageError for a name that looks like a misspelt plugin."""
    for kind in KINDS:
        if distribution := first_party_distribution(kind, name):
            return distribution
    if re.fullmatch(r"[\w-]+", name) and canonical(name) not in _distributions() and (meant := did_you_mean(name, _known_names())):
        raise UsageError(f"no plugin of this project is named {quoted(name)}.{meant}")
    if not name.strip() or name.startswith("-"):
        raise UsageError(
            f"expected the name of a plugin or a distribution, got {quoted(name)}; options of the client belong to the client."
        )
    return name


def _distributions() -> set[str]:
    """Those of this project, and those with plugins that are installed."""
    ours = {each for names in FIRST_PARTY.values() for each in names.values()}
    return ours | {canonical(plugin.distribution) for plugin in installed()}


def _known_names() -> list[str]:
    return sorted({name for names in FIRST_PARTY.values() for name in names} | _distributions())


def _uninstall(asked: argparse.Namespace) -> int:
    names = [requirement_of(name) for name in asked.names]
    if "rlchassis-core" in names:
        raise UsageError("rlchassis-core is what runs this; remove it with the client itself.")
    return run(asked, ["uninstall"], names, answers=["--yes"])


def _add_names(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("names", nargs="+", metavar="NAME", help=what)
    add_client(parser)
