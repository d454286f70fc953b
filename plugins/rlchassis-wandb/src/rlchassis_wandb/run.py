"""A run of W&B. The only module that imports wandb."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import wandb

from rlchassis.api import Logger, UsageError

log = logging.getLogger("rlchassis.loggers")  # below the one whose messages log.txt and the command line show
ID_FILENAME = "run-id.txt"
LONGEST_ID = 128
FINISH_SECONDS = 9.0
"""Time for uploading what is left at the end; a logger has 10 seconds to close."""


class LoggerWandb(Logger):
    """Logger to a run of W&B, by environment step; what a step has already is not replaced by a resumed run."""

    def __init__(self, run: wandb.Run) -> None:
        self._run = run

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Log a row; rows of one step become one."""
        self._run.log(dict(metrics), step=step)

    def log_histogram(self, tag: str, values: Sequence[float], step: int) -> None:
        """Log a histogram."""
        self._run.log({tag: wandb.Histogram(values)}, step=step)

    def log_video(self, tag: str, file: str, step: int) -> None:
        """Log an MP4 or GIF file."""
        self._run.log({tag: wandb.Video(file)}, step=step)

    def close(self) -> None:
        """Finish the run; what could not be uploaded stays in its files."""
        self._run.finish()


def begin(directory: Path, run_id: str | None, **about: Any) -> LoggerWandb:
    """Begin or resume a run, with arguments of wandb.init; UsageError where W&B refuses."""
    _require_login(about["mode"] or os.environ.get("WANDB_MODE", "online"))
    id_file = directory / "wandb" / ID_FILENAME
    if run_id is None and id_file.is_file():
        run_id = id_file.read_text("utf-8", errors="replace")[:LONGEST_ID].strip()
    settings = wandb.Settings(console="off", silent=True, finish_timeout=FINISH_SECONDS)
    try:
        run = wandb.init(dir=directory, id=run_id, resume="allow", reinit="create_new", settings=settings, **about)
    except (wandb.Error, OSError, ValueError) as error:
        raise UsageError(f"W&B cannot begin a run ({str(error).rstrip('.')}); use another logger, or set mode=offline.") from error
    id_file.write_text(run.id, "utf-8")
    _remove_links_out_of(directory)
    log.info("W&B run %s: %s", run.id, "offline, upload it with `wandb sync`" if run.offline else run.url)
    return LoggerWandb(run)


def _remove_links_out_of(directory: Path) -> None:
    """Remove links such as the one to W&B's own log file: a run is not resumed in a directory with links that lead out of it."""
    inside = directory.resolve()
    for path in (directory / "wandb").rglob("*"):
        if path.is_symlink() and not path.resolve().is_relative_to(inside):
            path.unlink()


def _require_login(mode: str) -> None:
    """UsageError where W&B would ask for a key in the midst of the program."""
    if mode in ("online", "shared") and not wandb.login(prompt=False, verify=False):
        raise UsageError("no W&B account is logged in; run `wandb login`, or set mode=offline (--logger wandb:mode=offline).")
