"""Names of metrics in other libraries, so that their dashboards and scripts go on working; the table is dialects.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from attrs import define, frozen

from rlchassis.api import Logger

NATIVE = "native"


@frozen
class Name:
    """A metric in another library."""

    tag: str
    factor: float = 1.0
    """What our value is multiplied by, where the other library logs a multiple of it."""


@define(eq=False)
class RenamingLogger(Logger):
    """Passes everything on under other tags; those without another name keep theirs."""

    logger: Logger
    names: Mapping[str, Name]

    def log(self, metrics: Mapping[str, float], step: int) -> None:
        """Pass a row on."""
        named = [(self.names.get(tag, Name(tag)), value) for tag, value in metrics.items()]
        self.logger.log({name.tag: value * name.factor for name, value in named}, step)
        self.problem = self.logger.problem

    def log_histogram(self, tag: str, values: Sequence[float], step: int) -> None:
        """Pass values on; dialects name scalars only."""
        self.logger.log_histogram(tag, values, step)

    def log_video(self, tag: str, file: str, step: int) -> None:
        """Pass a file on."""
        self.logger.log_video(tag, file, step)

    def state_dict(self) -> dict[str, Any]:
        """That of the logger."""
        return self.logger.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the logger."""
        self.logger.load_state_dict(state)

    def close(self) -> None:
        """Close the logger."""
        self.logger.close()


@cache
def table() -> dict[str, dict[str, dict[str, str | dict[str, Any]]]]:
    """The table: dialect → "all" or an algorithm → tag → name."""
    return tomllib.loads((files(__package__) / "dialects.toml").read_text("utf-8"))


def names_in(dialect: str, algorithm: str) -> dict[str, Name]:
    """Names by tag; algorithm: registered name, such as "algorithm/ppo"."""
    dialects = table()[dialect]
    rows = {**dialects["all"], **dialects.get(algorithm.rpartition("/")[2], {})}
    return {tag: Name(name) if isinstance(name, str) else Name(**name) for tag, name in rows.items()}
