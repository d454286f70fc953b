"""Names of tianshou.highlevel.world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import frozen

from rlchassis.api import UsageError
from rlchassis.api import World as NativeWorld
from rlchassis_tianshou.highlevel.environments import Environments


@frozen(eq=False)
class World:
    """The objects of a run, with Tianshou's names; `native` is the World of rlchassis."""

    native: NativeWorld

    @property
    def envs(self) -> Environments:
        """Environments."""
        return Environments.viewing(self.native.envs)

    @property
    def policy(self) -> Any:
        """The outermost policy."""
        return self.native.policy

    @property
    def train_collector(self) -> Any:
        """Collector of training steps."""
        return self.native.train_collector

    @property
    def test_collector(self) -> Any:
        """Collector of tests."""
        return self.native.test_collector

    @property
    def logger(self) -> Any:
        """Logger."""
        return self.native.logger

    @property
    def trainer(self) -> Any:
        """The training state: how far training is."""
        return self.native.state

    @property
    def persist_directory(self) -> str:
        """Run directory."""
        return str(self._in(self.native.directory, "nothing is written; set persistence_enabled=True"))

    @property
    def restore_directory(self) -> str | None:
        """Directory that the policy was restored from."""
        return self.native.config.policy_restore_directory

    def persist_path(self, filename: str) -> str:
        """Path of a file in the run directory."""
        return str(Path(self.persist_directory) / filename)

    def restore_path(self, filename: str) -> str:
        """Path of a file in the directory that the policy was restored from."""
        return str(self._in(self.restore_directory, "no policy was restored; set policy_restore_directory") / filename)

    @staticmethod
    def _in(directory: str | Path | None, problem: str) -> Path:
        if directory is None:
            raise UsageError(f"expected a directory, but {problem}.")
        return Path(directory)
