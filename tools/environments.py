"""How nox sessions install what this checkout holds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools import checkout

if TYPE_CHECKING:
    import nox

DIST = checkout.ROOT / "dist"


def install(session: nox.Session, *what: str) -> None:
    """Install with the versions that constraints.txt pins."""
    _hand_over_settings(session)
    session.install("-c", str(checkout.CONSTRAINTS), *what)


def editable(*distributions: str) -> list[str]:
    """Installer arguments for distributions that follow the working tree."""
    return [argument for name in distributions for argument in ("-e", str(checkout.DISTRIBUTIONS[name]))]


def wheels(*distributions: str) -> list[str]:
    """Installer arguments for the wheels that the build session left in dist/."""
    return [str(_wheel(name)) for name in distributions]


def meta_wheel(extras: str) -> str:
    """The installer's argument for the meta-distribution with extras."""
    return f"{checkout.META}[{extras}] @ {_wheel(checkout.META).as_uri()}"


def lowest_constraints(session: nox.Session, distributions: tuple[str, ...]) -> list[str]:
    """Installer arguments that hold every foreign requirement at its lowest bound; says which bounds stay untried."""
    bounds, pinned = checkout.lowest_bounds(distributions), checkout.pinned()
    for name in bounds.keys() & pinned.keys():
        session.log(f"skipped: the lowest bound {name}=={bounds[name]}, since constraints.txt pins {pinned[name]}")
    file = Path(session.create_tmp()) / "lowest.txt"
    file.write_text("".join(f"{name}=={version}\n" for name, version in bounds.items() if name not in pinned), encoding="utf-8")
    return ["-c", str(file)]


def discard(session: nox.Session) -> None:
    """Delete an environment that holds copies (a gigabyte each); uv's are links and may stay."""
    if session.venv_backend != "uv":
        shutil.rmtree(session.virtualenv.location, ignore_errors=True)


def build(session: nox.Session) -> None:
    """Build the source archive and the wheel of every distribution into an empty dist/."""
    shutil.rmtree(DIST, ignore_errors=True)
    for folder in (*checkout.DISTRIBUTIONS.values(), checkout.ROOT):
        with session.chdir(folder):
            session.run("hatchling", "build", "-d", str(DIST), silent=True)


def _wheel(distribution: str) -> Path:
    (wheel,) = DIST.glob(f"{distribution.replace('-', '_')}-*.whl")
    return wheel


def _hand_over_settings(session: nox.Session) -> None:
    """Give uv the folders of wheels that pip is configured with, and let processes share compiled bytecode."""
    session.env["PYTHONDONTWRITEBYTECODE"] = None
    if session.venv_backend != "uv" or "UV_FIND_LINKS" in os.environ:
        return
    if folders := _pip_find_links():
        session.env["UV_FIND_LINKS"] = ",".join(folders)
    else:
        session.env.setdefault("UV_TORCH_BACKEND", "auto")


def _pip_find_links() -> list[str]:
    if "PIP_FIND_LINKS" in os.environ:
        return os.environ["PIP_FIND_LINKS"].split()
    outside = getattr(sys, "_base_executable", sys.executable)  # nox's own environment may have been made without pip
    question = [outside, "-m", "pip", "config", "get", "global.find-links"]
    return subprocess.run(question, capture_output=True, text=True, check=False).stdout.split()
