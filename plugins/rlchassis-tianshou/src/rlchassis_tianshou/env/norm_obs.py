"""VectorEnvNormObs: where it is put around training environments, the run has the policy wrapper obs-norm, which normalizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rlchassis.envs import VectorEnvironment
from rlchassis_tianshou.utils.statistics import RunningMeanStd


class VectorEnvNormObs(VectorEnvironment):
    """Marks environments whose observations are normalized; it hands them on as they are, and knows the statistics of the run's policy."""

    def __init__(self, venv: VectorEnvironment, update_obs_rms: bool = True) -> None:
        self.venv, self.update_obs_rms = venv, update_obs_rms
        self.traits, self.num_envs, self.partial = venv.traits, venv.num_envs, venv.partial
        self._moments: Any = None
        self._given: RunningMeanStd | None = None

    def follow(self, moments: Any) -> None:
        """Know these statistics, the RunningMoments of the policy wrapper, from now on."""
        self._moments = moments
        if self._given is not None:
            self.set_obs_rms(self._given)

    def get_obs_rms(self) -> RunningMeanStd:
        """Mean, variance and number of observations."""
        if self._moments is None:
            return RunningMeanStd()
        return RunningMeanStd(
            self._moments.mean.cpu().numpy().copy(), self._moments.variance.cpu().numpy().copy(), int(self._moments.count)
        )

    def set_obs_rms(self, obs_rms: RunningMeanStd) -> None:
        """Continue with statistics that were observed elsewhere; those without an observation change nothing."""
        if obs_rms.count == 0:
            return
        if self._moments is None:
            self._given = obs_rms
            return
        for name, value in (("mean", obs_rms.mean), ("variance", obs_rms.var), ("count", obs_rms.count)):
            getattr(self._moments, name).copy_(torch.as_tensor(np.asarray(value)))

    @property
    def infos(self) -> Any:  # type: ignore[override]  # it is that of the environments inside
        """What is read from the `info` of each step."""
        return self.venv.infos

    @property
    def envs(self) -> Sequence[Any]:
        """The single environments, if they run in this process."""
        return self.venv.envs

    def reset(self, seeds: Sequence[int] | None = None) -> Any:
        """Reset all environments."""
        return self.venv.reset(seeds)

    def step(self, actions: Any, active: NDArray[np.bool_] | None = None) -> Any:
        """Step all environments."""
        return self.venv.step(actions, active)

    def read_infos(self, keys: Any) -> None:
        """Read keys of `info` in every step from now on."""
        self.venv.read_infos(keys)

    def exact_ways(self) -> list[str]:
        """Ways to store the state of the environments."""
        return self.venv.exact_ways()

    def state(self, ways: list[str]) -> Any:
        """State of the environments."""
        return self.venv.state(ways)

    def restore(self, state: Any, seeds: Sequence[int]) -> Any:
        """Restore their state."""
        return self.venv.restore(state, seeds)

    def close(self) -> None:
        """Close all environments."""
        self.venv.close()
