"""`rlchassis plugins list | info`: installed plugins, from metadata and manifests; `info` also imports its plugin."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from rlchassis.cli.output import complain, say, say_json
from rlchassis.errors import PluginError
from rlchassis.registry import KINDS, Plugin, check, first_party_distribution, installed, load
from rlchassis.registry.component import option_names
from rlchassis.registry.switches import VARIABLE, unknown_names
from rlchassis.registry.wording import did_you_mean, listed, printable, quoted


def add_list(parser: argparse.ArgumentParser) -> None:
    """Arguments of `plugins list`."""
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.set_defaults(carry_out=_list)


def add_info(parser: argparse.ArgumentParser) -> None:
    """Arguments of `plugins info`."""
    parser.add_argument("name", metavar="NAME", help="name of the plugin, with or without the vendor prefix")
    parser.set_defaults(carry_out=_info)


def _list(arguments: argparse.Namespace) -> int:
    if unknown := unknown_names(plugin.distribution for plugin in installed()):
        names = sorted({plugin.distribution.removeprefix("rlchassis-") for plugin in installed()})
        complain(f"{VARIABLE} names {quoted(unknown[0])}, which is not installed.{did_you_mean(unknown[0], names)}")
    if arguments.json:
        say_json([plugin.as_row() for plugin in installed()])
    else:
        say(*table(installed()))
    return 0


def table(plugins: Sequence[Plugin]) -> Iterator[str]:
    """Aligned lines, each followed by the plugin's problem, if any."""
    rows = [list(map(printable, row)) for row in [("KIND", "NAME", "DISTRIBUTION", "VERSION", "STATE", "SUMMARY"), *map(_columns, plugins)]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    problems = [None, *(plugin.problem for plugin in plugins)]
    for row, problem in zip(rows, problems, strict=True):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        if problem:
            yield f"    {problem}"


def _columns(plugin: Plugin) -> tuple[str, ...]:
    return plugin.kind, plugin.name, plugin.distribution, plugin.version, plugin.state, plugin.summary


def _info(arguments: argparse.Namespace) -> int:
    found = [plugin for plugin in installed() if arguments.name in _names(plugin)]
    if not found:
        raise PluginError(_missing(arguments.name))
    for plugin in found:
        say(*_facts(check(plugin)), *_options(plugin), *([] if plugin is found[-1] else [""]))
    return 0


def _names(plugin: Plugin) -> tuple[str, ...]:
    return plugin.name, plugin.name.rpartition(".")[2], plugin.reference


def _missing(name: str) -> str:
    for kind in KINDS:
        if distribution := first_party_distribution(kind, name):
            return f"{quoted(name)} is not installed; it is provided by {distribution}: python -m pip install {distribution}"
    names = sorted({plugin.name for plugin in installed()})
    return f"no plugin is named {quoted(name)}.{did_you_mean(name, names) or f' Installed: {listed(names)}.'}"


def _facts(plugin: Plugin) -> Iterator[str]:
    facts = {
        "summary": plugin.summary,
        "distribution": f"{plugin.distribution} {plugin.version}",
        "object": plugin.target,
        "plugin API": plugin.api or "",
        "state": plugin.state,
        "problem": plugin.problem or "",
        "observations": ", ".join(plugin.observation_spaces),
        "actions": ", ".join((*plugin.action_spaces, *(["action masks"] if plugin.action_masks else []))),
        "policy": f"{plugin.policy}-policy" if plugin.policy else "",
        "needs": ", ".join(f"{kind} {name}" for kind, names in plugin.needs.items() for name in names),
    }
    yield f"{plugin.kind} {plugin.name}"
    for name, value in facts.items():
        if value:
            yield f"  {name + ':':<14}{value}"


def _options(plugin: Plugin) -> Iterator[str]:
    """Options of the plugin, if it can be imported."""
    if not check(plugin).is_usable:
        return
    if plugin.kind == "algorithm":
        yield f"  {'settings:':<14}rlchassis train {plugin.name} --help"
        return
    from rlchassis.cli.option_help import laid_out, options_of

    loaded = load(plugin.kind, plugin.reference)
    rows = options_of(loaded)
    yield "  options:" if rows else f"  {'options:':<14}{'none' if option_names(loaded) == () else 'whatever it is given'}"
    yield from laid_out(rows, indent=4)
