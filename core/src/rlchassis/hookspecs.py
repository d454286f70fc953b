"""Hook specifications of build and run, which extensions implement. No hook is called per environment step.

An extension is a module or object with functions of these names, decorated with `hookimpl`. Each build and each run has its own hook
manager; neither is stored with the experiment.
"""

from __future__ import annotations

from typing import Any

import pluggy

hookspec = pluggy.HookspecMarker("rlchassis")
hookimpl = pluggy.HookimplMarker("rlchassis")


class Hooks:
    """Hook specifications, in the order in which a run calls them."""

    @hookspec
    def rlchassis_before_build(self, builder: Any) -> None:
        """Called before a builder builds its experiment; the builder can still be changed."""

    @hookspec
    def rlchassis_after_build(self, experiment: Any) -> None:
        """Called after an experiment was built."""

    @hookspec
    def rlchassis_env_wrappers(self, mode: Any) -> Any:
        """Return a picklable callable Env → Env, or a list of them, applied to every environment of this mode, also in worker processes."""

    @hookspec(firstresult=True)
    def rlchassis_make_envs(self, experiment: Any, sampling: Any, wrappers: Any) -> Any:
        """Create the Environments of a run; the first result that is not None is used."""

    @hookspec(firstresult=True)
    def rlchassis_make_policy(self, experiment: Any, envs: Any, device: Any) -> Any:
        """Create the policy, without wrappers."""

    @hookspec(firstresult=True)
    def rlchassis_make_algorithm(self, experiment: Any, policy: Any, envs: Any, setup: Any) -> Any:
        """Create the algorithm that trains the policy."""

    @hookspec(firstresult=True)
    def rlchassis_make_optimizer(self, experiment: Any, role: str) -> Any:
        """Return the OptimizerFactory for the parameters of a role, such as "actor_critic"; it is called with parameters and lr later."""

    @hookspec(firstresult=True)
    def rlchassis_make_logger(self, experiment: Any, directory: Any, name: Any, run_id: Any) -> Any:
        """Create the logger of a run; metrics.jsonl is written in addition."""

    @hookspec
    def rlchassis_world_ready(self, world: Any) -> None:
        """Called once everything is built, before the first environment step."""

    @hookspec
    def rlchassis_train_start(self, world: Any) -> None:
        """Called when training starts."""

    @hookspec
    def rlchassis_epoch_start(self, world: Any, epoch: int, env_step: int) -> None:
        """Called at the start of each epoch; epochs count from 1."""

    @hookspec
    def rlchassis_collect_end(self, world: Any, stats: Any) -> None:
        """Called after each collection; stats: CollectStats with num_steps, and returns, lengths and infos of the episodes that ended."""

    @hookspec
    def rlchassis_learn_end(self, world: Any, rounds: int) -> None:
        """Called after each phase of updates; rounds: number of updates in it."""

    @hookspec
    def rlchassis_metrics(self, world: Any, metrics: dict[str, float], step: int) -> None:
        """Called before a row of metrics is logged, NaN included; logging from this hook adds another row."""

    @hookspec
    def rlchassis_test_start(self, world: Any, epoch: int, env_step: int) -> None:
        """Called at the start of each test."""

    @hookspec
    def rlchassis_test_end(self, world: Any, result: Any) -> None:
        """Called after each test; result: Evaluation with returns, lengths, infos and seeds of its episodes."""

    @hookspec
    def rlchassis_should_stop(self, world: Any, mean_rewards: float) -> bool | None:
        """Return whether to stop training after a test; mean_rewards: its mean undiscounted raw return. One True stops; None is False."""

    @hookspec
    def rlchassis_epoch_end(self, world: Any, epoch: int, env_step: int) -> None:
        """Called at the end of each epoch, after its test."""

    @hookspec
    def rlchassis_train_end(self, world: Any, result: Any) -> None:
        """Called when training ends; result: InfoStats."""

    @hookspec
    def rlchassis_checkpoint_state(self, world: Any) -> Any:
        """Return the extension's state for a checkpoint: plain data, tensors, arrays, generators, or attrs objects of these; None: none."""

    @hookspec
    def rlchassis_restore_state(self, world: Any, state: Any) -> None:
        """Called when a run is resumed, with what rlchassis_checkpoint_state of the same extension returned, as plain data and tensors."""

    @hookspec
    def rlchassis_run_error(self, world: Any, error: BaseException) -> None:
        """Called before the run fails with this error."""

    @hookspec
    def rlchassis_run_end(self, world: Any, result: Any) -> None:
        """Called when the run succeeds; result: ExperimentResult."""

    @hookspec
    def rlchassis_teardown(self, world: Any) -> None:
        """Called when the run is over, successful or not; in reverse order, on every extension even if one raises."""
