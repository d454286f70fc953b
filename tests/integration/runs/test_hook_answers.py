"""What hooks answer is checked, and misspelled or misplaced hooks are refused."""

from __future__ import annotations

import pytest
from attrs import define, field

from rlchassis.errors import PluginError, UsageError
from rlchassis.experiment import ExperimentConfig, PPOExperimentBuilder
from rlchassis.hookspecs import hookimpl
from rlchassis.training.hook_manager import hook_manager
from rlchassis_testkit.stored_runs import tiny_sampling


def test_a_wrapper_around_teardown_is_refused():
    class Around:
        @hookimpl(wrapper=True)
        def rlchassis_teardown(self):
            yield

    with pytest.raises(UsageError, match="wraps rlchassis_teardown"):
        hook_manager([("around", Around())])


@define
class Equal:
    """Equal to every other of its kind."""

    calls: int = field(default=0, eq=False)

    @hookimpl
    def rlchassis_train_start(self):
        self.calls += 1


def test_an_observer_that_is_handed_over_twice_is_refused_and_an_equal_one_is_called_too():
    first, second = Equal(), Equal()
    with pytest.raises(UsageError, match=r"^observer 1 is already registered; pass each object once"):
        hook_manager([("observer 1", first), ("observer 2", first)])
    hook_manager([("observer 1", first), ("observer 2", second)]).hook.rlchassis_train_start(world=None)
    assert (first.calls, second.calls) == (1, 1)


def run_with(observer):
    sampling = tiny_sampling()
    builder = PPOExperimentBuilder("CartPole-v1", ExperimentConfig(watch=False, persistence_enabled=False), sampling)
    return builder.build().run(observers=[observer])


def answering(hook, answer):
    """An observer with one hook."""
    function = hookimpl(lambda self: answer)
    return type("Answers", (), {hook: function})()


@pytest.mark.parametrize("answer", ["no", 0, [True]])
def test_a_vote_that_is_no_yes_or_no_is_refused_with_whose_it_is(answer):
    with pytest.raises(UsageError, match=r"rlchassis_should_stop of observer 1 \(Answers\) returned .*, expected True, False or None"):
        run_with(answering("rlchassis_should_stop", answer))


@pytest.mark.parametrize("hook", ["rlchassis_collect_end", "rlchassis_metrics", "rlchassis_epoch_end"])
def test_a_yes_or_no_that_nothing_reads_is_refused_with_whose_it_is(hook):
    with pytest.raises(UsageError, match=rf"{hook} of observer 1 \(Answers\) returned False, which is ignored"):
        run_with(answering(hook, False))


@pytest.mark.parametrize(("answer", "stopped"), [(None, None), (False, None), (True, "observer 1 (Answers) fired at step 32 (mean")])
def test_a_vote_for_the_end_is_reported_with_whose_it_is(answer, stopped):
    said = run_with(answering("rlchassis_should_stop", answer)).trainer_result.stopped
    assert said is None if stopped is None else said.startswith(stopped)


@pytest.mark.parametrize(
    ("hook", "expected"),
    [("make_envs", "Environments"), ("make_policy", "Policy"), ("make_algorithm", "Algorithm"), ("make_optimizer", "OptimizerFactory"),
     ("env_wrappers", "Callable")],
)  # fmt: skip
def test_a_hook_result_of_the_wrong_kind_is_refused_with_the_hook_named(hook, expected):
    with pytest.raises(PluginError, match=rf"rlchassis_{hook} returned int, expected {expected}"):
        run_with(answering(f"rlchassis_{hook}", 3))


class Marked:
    @hookimpl
    def rlchassis_epoch_end(self):
        """Nothing."""


class Unmarked:
    def rlchassis_epoch_end(self):
        """Nothing."""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (Marked, "observer 1: expected an object, got the class Marked; write Marked()."),
        (Unmarked(), "observer 1 defines rlchassis_epoch_end without @hookimpl; decorate it with rlchassis.api.hookimpl."),
    ],
)
def test_a_misspelled_hook_that_would_never_be_called_is_refused(given, said):
    with pytest.raises(UsageError) as caught:
        hook_manager([("observer 1", given)])
    assert str(caught.value) == said
