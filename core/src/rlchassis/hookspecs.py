"""The hooks around build and run: what an extension may watch, replace or wrap. None of them is called per environment step.

An extension is a module or object whose functions bear these names, marked with `hookimpl`. One hook manager lives for a build and one
for a run; neither is stored with the experiment.
"""

from __future__ import annotations

from typing import Any

import pluggy

hookspec = pluggy.HookspecMarker("rlchassis")
hookimpl = pluggy.HookimplMarker("rlchassis")


class Hooks:
    """The specifications, in the order in which a run calls them."""

    @hookspec
    def rlchassis_before_build(self, builder: Any) -> None:
        """A builder is about to build its experiment; it may still be told more."""

    @hookspec
    def rlchassis_after_build(self, experiment: Any) -> None:
        """An experiment was built."""

    @hookspec
    def rlchassis_env_wrappers(self, mode: Any) -> Any:
        """A picklable callable Env → Env, or a list of them, applied to every environment of this mode, in worker processes too."""

    @hookspec(firstresult=True)
    def rlchassis_make_envs(self, experiment: Any, sampling: Any, wrappers: Any) -> Any:
        """Make the environments of a run."""

    @hookspec(firstresult=True)
    def rlchassis_make_policy(self, experiment: Any, envs: Any, device: Any) -> Any:
        """Make the policy, wrappers not included."""

    @hookspec(firstresult=True)
    def rlchassis_make_algorithm(self, experiment: Any, policy: Any, envs: Any, setup: Any) -> Any:
        """Make the algorithm that learns the policy."""

    @hookspec(firstresult=True)
    def rlchassis_make_optimizer(self, experiment: Any, role: str) -> Any:
        """The OptimizerFactory for the parameters of a role, such as "actor_critic"; it is handed parameters and learning rate later."""

    @hookspec(firstresult=True)
    def rlchassis_make_logger(self, experiment: Any, directory: Any, name: Any, run_id: Any) -> Any:
        """Make the logger of a run; metrics.jsonl is written besides."""

    @hookspec
    def rlchassis_world_ready(self, world: Any) -> None:
        """All is built, nothing has been collected."""

    @hookspec
    def rlchassis_train_start(self, world: Any) -> None:
        """Training begins."""

    @hookspec
    def rlchassis_epoch_start(self, world: Any, epoch: int, env_step: int) -> None:
        """An epoch begins; the first is 1."""

    @hookspec
    def rlchassis_collect_end(self, world: Any, stats: Any) -> None:
        """Steps were collected; stats tells how many and which episodes ended."""

    @hookspec
    def rlchassis_learn_end(self, world: Any, rounds: int) -> None:
        """A learning phase ended, after this many rounds."""

    @hookspec
    def rlchassis_metrics(self, world: Any, metrics: dict[str, float], step: int) -> None:
        """A row of metrics is about to be recorded, what became NaN included; logging from within records another row."""

    @hookspec
    def rlchassis_test_start(self, world: Any, epoch: int, env_step: int) -> None:
        """A test begins."""

    @hookspec
    def rlchassis_test_end(self, world: Any, result: Any) -> None:
        """A test ended; result holds returns, lengths and seeds of its episodes."""

    @hookspec
    def rlchassis_should_stop(self, world: Any, mean_rewards: float) -> bool | None:
        """After each test: whether its mean undiscounted raw return is reason to end training; one True is enough, None is no."""

    @hookspec
    def rlchassis_epoch_end(self, world: Any, epoch: int, env_step: int) -> None:
        """An epoch ended, its test included."""

    @hookspec
    def rlchassis_train_end(self, world: Any, result: Any) -> None:
        """Training ended; result is the InfoStats."""

    @hookspec
    def rlchassis_run_error(self, world: Any, error: BaseException) -> None:
        """The run is about to fail with this error."""

    @hookspec
    def rlchassis_run_end(self, world: Any, result: Any) -> None:
        """The run ended well; result is the ExperimentResult."""

    @hookspec
    def rlchassis_teardown(self, world: Any) -> None:
        """The run is over, well or not; called in reverse order, on every extension even if one fails."""
