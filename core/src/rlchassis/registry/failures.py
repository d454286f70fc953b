"""Messages about plugins and user modules that cannot be imported: error, location and remedy."""

from __future__ import annotations

import traceback
from importlib import metadata

from rlchassis.registry.plugin import Plugin
from rlchassis.registry.wording import canonical, did_you_mean, quoted


def why_not_loaded(plugin: Plugin, error: BaseException) -> str:
    """Message for an error raised by importing a plugin, with file and line in its package."""
    entry = f'its entry point "{plugin.name} = {plugin.target}"'
    reason = _misnamed(plugin, error) or f"raised {raised(error, plugin.package)}"
    return f"{plugin.label} cannot be loaded: {entry} {reason}. Other plugins are unaffected.{_remedy(plugin, error)}"


def _misnamed(plugin: Plugin, error: BaseException) -> str | None:
    """Problem if the entry point names a missing module or attribute, else None."""
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
    """One-line description of an error raised by importing a package, with file and line in its code."""
    said = error.msg if isinstance(error, SyntaxError) and error.filename else error
    text = " ".join(str(said).split()).rstrip(".")
    return f"{type(error).__name__}{f': {text}' if text else ''}{_place(error, package)}"


def _place(error: BaseException, package: str) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f" in {error.filename}, line {error.lineno}"
    frames = _frames(package, error)
    return f" in {frames[-1].filename}, line {frames[-1].lineno}" if frames else ""


def _frames(package: str, error: BaseException) -> list[traceback.FrameSummary]:
    """Traceback frames in the package, innermost last."""
    walked = traceback.walk_tb(error.__traceback__)
    own = [(frame, line) for frame, line in walked if str(frame.f_globals.get("__name__")).partition(".")[0] == package]
    return list(traceback.StackSummary.extract(own))


def _remedy(plugin: Plugin, error: BaseException) -> str:
    """Suggestion to reinstall, if a declared requirement of the distribution is missing."""
    missing = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if missing and any(line.startswith(canonical(missing)) for line in map(canonical, _requirements(plugin))):
        return f" Try: python -m pip install --upgrade {plugin.distribution}"
    return ""


def _requirements(plugin: Plugin) -> list[str]:
    try:
        return metadata.requires(plugin.distribution) or []
    except (metadata.PackageNotFoundError, OSError, ValueError):
        return []
