"""`rlchassis doctor`: versions, threads, devices and plugins of this interpreter, whether `train` can run, checkpoints and environments."""

from __future__ import annotations

import argparse
import platform
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from importlib import import_module, metadata
from pathlib import Path

from rlchassis.cli.allowed import look_here
from rlchassis.cli.exactness import exactness
from rlchassis.cli.output import say
from rlchassis.cli.plugin_verbs.listing import table
from rlchassis.config.machine import usable_cpus
from rlchassis.errors import StoredFileError
from rlchassis.registry import PLUGIN_API, Plugin, check, installed
from rlchassis.registry.wording import listed
from rlchassis.storage.checkpoint.manifest import checkpoints_of, read_manifest

CORE = "rlchassis-core"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `doctor`."""
    parser.add_argument("directory", metavar="DIR", nargs="?", help="a run directory whose checkpoints are verified instead")
    parser.add_argument(
        "--env", metavar="ID", action="append", default=[], help="try whether runs in this environment resume exactly; may be repeated"
    )
    parser.set_defaults(carry_out=carry_out)


def carry_out(arguments: argparse.Namespace) -> int:
    """Print the findings; returns 1 if `train` cannot run, or a checkpoint is damaged."""
    if arguments.directory is not None:
        return _verify(Path(arguments.directory))
    if arguments.env:
        look_here()
        say(*exactness(arguments.env))
        return 0
    broken = [problem for name in _libraries() if (problem := _import_problem(name))]
    plugins = [check(plugin) for plugin in installed()]
    obstacles = [*broken, *_plugin_obstacles(plugins)]
    verdict = "`rlchassis train` cannot run." if obstacles else "`rlchassis train` can run."
    say(*_findings(plugins), "", *(f"problem: {obstacle}" for obstacle in obstacles), verdict)
    return 1 if obstacles else 0


def _verify(directory: Path) -> int:
    """Compare every file of every checkpoint with its digest."""
    paths, damaged = checkpoints_of(directory), 0
    if not paths:
        raise StoredFileError(f"{directory} contains no checkpoint; pass the directory of a run that has written one.")
    for path in paths:
        try:
            checkpoint = read_manifest(path)
            checkpoint.verify()
            say(f"{path.name}: intact, {1 + len(checkpoint.chunks)} files")
        except StoredFileError as error:
            damaged += 1
            say(f"{path.name}: damaged: {error}")
    return int(damaged > 0)


def _findings(plugins: Sequence[Plugin]) -> Iterator[str]:
    unusable = [plugin for plugin in plugins if not plugin.is_usable]
    facts = {
        "python": f"{platform.python_version()} at {sys.executable}",
        "platform": platform.platform(),
        "versions": ", ".join(f"{name} {_version(name)}" for name in (CORE, *_libraries())),
        "plugin API": ".".join(map(str, PLUGIN_API)),
        "threads": f"{_threads()} of torch, {usable_cpus()} CPUs",
        "devices": ", ".join(_devices()),
        "algorithms": listed(plugin.name for plugin in plugins if plugin.kind == "algorithm" and plugin.is_usable),
        "plugins": f"{len(plugins)} installed, {len(unusable) or 'none'} of them unusable",
    }
    for name, fact in facts.items():
        yield from textwrap.wrap(f"{name:<12}{fact}", 80, subsequent_indent=" " * 12, break_long_words=False, break_on_hyphens=False)
    if unusable:
        yield from ("", *table(unusable))


def _libraries() -> list[str]:
    """Dependencies of core, from its metadata; their import names equal their distribution names."""
    required = [line for line in metadata.requires(CORE) or () if "extra ==" not in line]
    return [match[0] for line in required if (match := re.match(r"[\w.-]+", line))]


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "is missing"


def _import_problem(name: str) -> str | None:
    try:
        import_module(name)
    except Exception as error:  # noqa: BLE001  a library fails to load in many ways, and each is worth telling
        return f"{name} cannot be imported ({type(error).__name__}: {error}); try: python -m pip install --force-reinstall {name}"
    return None


def _threads() -> str:
    return str(sys.modules["torch"].get_num_threads()) if "torch" in sys.modules else "none"


def _devices() -> list[str]:
    """Values for --device."""
    torch = sys.modules.get("torch")
    if torch is None:
        return ["none"]
    cards = [f"cuda:{i} ({torch.cuda.get_device_name(i)})" for i in range(torch.cuda.device_count())]
    return ["cpu", *cards, *(["mps"] if torch.backends.mps.is_available() else [])]


def _plugin_obstacles(plugins: Sequence[Plugin]) -> Iterator[str]:
    """Reasons why no algorithm can be trained, if none can."""
    usable = {(plugin.kind, plugin.name) for plugin in plugins if plugin.is_usable}
    algorithms = [plugin for plugin in plugins if plugin.kind == "algorithm" and plugin.is_usable]
    lacking = [(plugin, missing) for plugin in algorithms if (missing := _unmet(plugin, usable))]
    if algorithms and len(lacking) < len(algorithms):
        return
    yield "no algorithm can be used; install one: python -m pip install rlchassis-ppo"
    for plugin, missing in lacking:
        yield f"{plugin.label} needs {', '.join(missing)}, which cannot be used; try: python -m pip install {plugin.distribution}"


def _unmet(plugin: Plugin, usable: set[tuple[str, str]]) -> list[str]:
    return [f"{kind} {name}" for kind, names in plugin.needs.items() for name in names if (kind, name) not in usable]
