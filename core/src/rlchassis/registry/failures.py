"""Why a plugin, or a module of the user's, cannot be imported: what its own code raised, where, and what can be done about it."""

from __future__ import annotations

import traceback
from importlib import metadata

from rlchassis.registry.plugin import Plugin
from rlchassis.registry.wording import canonical, did_you_mean, quoted


def why_not_loaded(plugin: Plugin, error: BaseException) -> str:
    """The sentences for an error that importing a plugin raised; what is its author's to correct is told with file and line."""
    entry = f'its entry point "{plugin.name} = {plugin.target}"'
    reason = _misnamed(plugin, error) or f"raised {raised(error, plugin.package)}"
    return f"{plugin.label} cannot be loaded: {entry} {reason}. Other plugins are unaffected.{_remedy(plugin, error)}"


def _misnamed(plugin: Plugin, error: BaseException) -> str | None:
    """What stands in pyproject.toml and not in the code."""
    if _frames(plugin.package, error):
        return None
    module = plugin.target.partition(":")[0].strip()
    if isinstance(error, ModuleNotFoundError) and error.name and f"{module}.".startswith(f"{error.name}."):
        return f"names the module {quoted(error.name)}, which is not there; correct it in pyproject.toml and install the distribution again"
    if isinstance(error, AttributeError) and isinstance(error.name, str):
        meant = did_you_mean(error.name, (name for name in dir(error.obj) if not name.startswith("_")))
        hint = f".{meant} C" if meant else "; c"
        return (
            f"names {quoted(error.name)}, which {module} does not have{hint}orrect it in pyproject.toml and install the distribution again"
        )
    return None


def raised(error: BaseException, package: str) -> str:
    """On one line what importing a package raised, with file and line where that was in its code."""
    said = error.msg if isinstance(error, SyntaxError) and error.filename else error
    text = " ".join(str(said).split()).rstrip(".")
    return f"{type(error).__name__}{f': {text}' if text else ''}{_place(error, package)}"


def _place(error: BaseException, package: str) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f" in {error.filename}, line {error.lineno}"
    frames = _frames(package, error)
    return f" in {frames[-1].filename}, line {frames[-1].lineno}" if frames else ""


def _frames(package: str, error: BaseException) -> list[traceback.FrameSummary]:
    """Those of the package that the error passed, the innermost last."""
    walked = traceback.walk_tb(error.__traceback__)
    own = [(frame, line) for frame, line in walked if str(frame.f_globals.get("__name__")).partition(".")[0] == package]
    return list(traceback.StackSummary.extract(own))


def _remedy(plugin: Plugin, error: BaseException) -> str:
    """Installing again helps where something that the distribution requires is missing, and nowhere else."""
    missing = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if missing and any(line.startswith(canonical(missing)) for line in map(canonical, _requirements(plugin))):
        return f" Try: python -m pip install --upgrade {plugin.distribution}"
    return ""


def _requirements(plugin: Plugin) -> list[str]:
    try:
        return metadata.requires(plugin.distribution) or []
    except (metadata.PackageNotFoundError, OSError, ValueError):
        return []
