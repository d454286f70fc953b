"""Extensions are called when, as often and in the order that docs/hooks.md promises."""

from __future__ import annotations

import inspect
import itertools
import re
from pathlib import Path

import pytest
import torch
from attrs import define, field

import rlchassis
from rlchassis.errors import PluginError, UsageError
from rlchassis.experiment import Experiment, ExperimentConfig, PPOExperimentBuilder, VectorEnvType
from rlchassis.hookspecs import Hooks, hookimpl
from rlchassis.training.hook_manager import hook_manager
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling, write_distribution

DOCS = Path(__file__).parents[3] / "docs" / "hooks.md"
SPECS = {name: list(inspect.signature(spec).parameters)[1:] for name, spec in vars(Hooks).items() if name.startswith("rlchassis_")}

RECORDER = """
from rlchassis.api import hookimpl

calls = []

def recording(name, arguments):
    body = f"def {name}(self, {', '.join(arguments)}): calls.append(({name!r}, self.label))"
    namespace = {"calls": calls}
    exec(body, namespace)
    return hookimpl(namespace[name])

class Recorder:
    def __init__(self, label="a"):
        self.label = label

def fill(specs):
    for name, arguments in specs.items():
        setattr(Recorder, name, recording(name, arguments))

class Second(Recorder):
    def __init__(self):
        super().__init__("b")

class FailsAtTheEnd:
    @hookimpl
    def rlchassis_teardown(self):
        calls.append(("rlchassis_teardown", "c"))
        raise OSError("the disk is gone")

class Fails:
    def __init__(self, hook):
        self.hook = hook

    @hookimpl
    def rlchassis_world_ready(self):
        self._fail("world_ready")

    @hookimpl
    def rlchassis_epoch_start(self):
        self._fail("epoch_start")

    def _fail(self, hook):
        if hook == self.hook:
            raise ArithmeticError("on purpose")

class Unknown:
    @hookimpl
    def rlchassis_every_step(self):
        pass

class Demanding:
    @hookimpl
    def rlchassis_teardown(self, world, weather):
        pass
"""
ENTRIES = {"acme.record": "Recorder", "acme.second": "Second", "acme.frail": "FailsAtTheEnd", "acme.fails": "Fails",
           "acme.unknown": "Unknown", "acme.demanding": "Demanding"}  # fmt: skip


@pytest.fixture
def record(install):
    """The list of calls of extensions a and b."""

    def write(folder):
        entries = "\n".join(f"{name} = acme_record:{target}" for name, target in ENTRIES.items())
        write_distribution(folder, "acme-record", RECORDER, extension="x = Recorder")
        (folder / "acme_record-1.0.dist-info" / "entry_points.txt").write_text(f"[rlchassis.extension]\n{entries}\n", "utf-8")

    install(write)
    import acme_record

    acme_record.fill(SPECS)
    return acme_record.calls


def cartpole(base, env="CartPole-v1", **config):
    return PPOExperimentBuilder(env, tiny_config(base, **config), tiny_sampling())


def of(calls, label):
    return [name.removeprefix("rlchassis_") for name, each in calls if each == label]


COLLECTION = ["collect_end", "learn_end"]
FIRST, LATER = [*COLLECTION, "metrics"], [*COLLECTION, "metrics"]
EPOCH = ["epoch_start", *FIRST, *LATER, "test_start", "metrics", "test_end", "should_stop", "epoch_end"]
BUILD = ["before_build", "after_build"]
MADE = ["make_envs", "env_wrappers", "env_wrappers", "make_policy", "make_algorithm", "make_optimizer", "make_logger", "world_ready"]


def test_hooks_are_called_in_the_promised_order_and_number(record, tmp_path):
    cartpole(tmp_path).with_extension("acme.record").build().run("run")
    assert of(record, "a") == [*BUILD, *MADE, "train_start", *EPOCH * 2, "checkpoint_state", "train_end", "run_end", "teardown"]


def test_a_run_that_only_watches_and_writes_nothing_calls_what_concerns_it(record, tmp_path):
    experiment = cartpole(tmp_path, train=False, watch=True, watch_num_episodes=1).with_extension("acme.record").build()
    record.clear()
    experiment.run()
    made = ["make_envs", "env_wrappers", "make_policy", "make_algorithm", "make_optimizer", "world_ready"]
    assert of(record, "a") == [*made, "run_end", "teardown"]


def test_extensions_are_called_in_the_recipes_order_and_torn_down_in_reverse(record, tmp_path):
    cartpole(tmp_path).with_extension("acme.second").with_extension("acme.record").build().run("run")
    for hook, group in itertools.groupby(record, key=lambda call: call[0]):
        labels = [label for _, label in group]
        expected = ["a", "b"] if hook == "rlchassis_teardown" else ["b", "a"]
        assert labels == expected * (len(labels) // 2)


def test_everyone_is_torn_down_even_if_one_fails_and_the_error_says_whose_it_is(record, tmp_path):
    builder = cartpole(tmp_path).with_extension("acme.record").with_extension("acme.frail").with_extension("acme.second")
    with pytest.raises(OSError, match="the disk is gone") as caught:
        builder.build().run("run")
    assert [label for name, label in record if name == "rlchassis_teardown"] == ["b", "c", "a"]
    assert caught.value.__notes__ == ['raised in hook rlchassis_teardown of extension "acme.frail" of "acme-record" 1.0']


@pytest.mark.parametrize("hook", ["world_ready", "epoch_start"])
def test_a_hook_that_fails_ends_the_run_in_order(hook, record, tmp_path):
    builder = cartpole(tmp_path).with_extension("acme.record").with_extension("acme.fails", hook=hook)
    with pytest.raises(ArithmeticError, match="on purpose") as caught:
        builder.build().run("run")
    assert of(record, "a")[-3:] == [hook, "run_error", "teardown"]
    assert caught.value.__notes__ == [f'raised in hook rlchassis_{hook} of extension "acme.fails" of "acme-record" 1.0']


def test_an_extension_with_a_hook_that_is_not_there_is_refused_when_it_is_built(record, tmp_path):
    for name, said in (("acme.unknown", "unknown hook 'rlchassis_every_step'"), ("acme.demanding", "weather")):
        with pytest.raises(UsageError, match=said) as caught:
            cartpole(tmp_path).with_extension(name).build()
        assert f'extension "{name}" of "acme-record" 1.0 has an invalid hook' in str(caught.value)
        assert "\n" not in str(caught.value)


def test_an_extension_is_active_once(record, tmp_path):
    with pytest.raises(UsageError, match="already added"):
        cartpole(tmp_path).with_extension("acme.record").with_extension("acme.record")


def test_an_unknown_extension_or_option_is_refused_in_one_sentence(record, tmp_path):
    with pytest.raises(UsageError, match=r'Did you mean "acme\.record"'):
        cartpole(tmp_path).with_extension("acme.recrod")
    with pytest.raises(UsageError, match='has no option "lable"'):
        cartpole(tmp_path).with_extension("acme.record", lable=1).build()


def test_stored_extensions_take_part_in_a_restored_run(record, tmp_path):
    cartpole(tmp_path).with_extension("acme.record", label="z").build().run("run")
    record.clear()
    Experiment.from_directory(tmp_path / "run").with_config(persistence_base_dir=str(tmp_path)).run("again")
    assert of(record, "z")[:2] == ["make_envs", "env_wrappers"]


WRAPPERS = """
import gymnasium as gym

class Doubled(gym.RewardWrapper):
    def reward(self, reward):
        return 2 * reward

class Shortened(gym.Wrapper):
    def step(self, action):
        obs, reward, terminated, truncated, info = self.env.step(action)
        self.count += 1
        return obs, reward, terminated, truncated or self.count >= 5, info

    def reset(self, **kwargs):
        self.count = 0
        return self.env.reset(**kwargs)
"""

REPLACES = """
from acme_wrappers import Doubled, Shortened
from rlchassis.api import EnvMode, hookimpl
from rlchassis_adam import OptimizerFactoryAdam

class Replaces:
    @hookimpl
    def rlchassis_before_build(self, builder):
        builder.with_name("named-by-an-extension")

    @hookimpl
    def rlchassis_env_wrappers(self, mode):
        return [Shortened, Doubled] if mode is EnvMode.TEST else None

    @hookimpl(wrapper=True)
    def rlchassis_make_optimizer(self, role):
        before = yield
        assert role == "actor_critic"
        return OptimizerFactoryAdam(betas=(before.betas[0], 0.5))

    @hookimpl(wrapper=True)
    def rlchassis_make_policy(self):
        policy = yield
        policy.register_buffer("mark", __import__("torch").tensor(7.0))
        return policy
"""


@pytest.mark.parametrize("venv_type", [VectorEnvType.DUMMY, VectorEnvType.SUBPROC], ids=lambda kind: kind.value)
def test_an_extension_may_wrap_what_is_made_and_evaluation_wraps_it_too(venv_type, install, tmp_path):
    folder = install(lambda folder: write_distribution(folder, "acme-replace", REPLACES, extension="acme.replace = Replaces"))
    (folder / "acme_wrappers.py").write_text(WRAPPERS, "utf-8")
    factory = rlchassis.experiment.EnvFactoryRegistered("CartPole-v1", venv_type=venv_type)
    result = cartpole(tmp_path, factory).with_extension("acme.replace").build().run()
    assert result.world.directory.name == "named-by-an-extension"
    assert result.trainer_result.best.returns == (10.0, 10.0)
    assert result.trainer_result.best.lengths == (5, 5)
    assert result.world.optimizers[0].torch_optimizer.param_groups[0]["betas"] == (0.9, 0.5)
    assert result.world.policy.state_dict()["mark"] == torch.tensor(7.0)
    assert rlchassis.evaluate(result.world.directory) == result.trainer_result.best


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


def test_an_observer_of_this_process_is_called_after_the_extensions_and_never_stored(record, tmp_path):
    class Observer:
        @hookimpl
        def rlchassis_train_start(self):
            record.append(("rlchassis_train_start", "observer"))

    experiment = cartpole(tmp_path).with_extension("acme.record").build()
    experiment.run("run", observers=[Observer()])
    assert [label for name, label in record if name == "rlchassis_train_start"] == ["a", "observer"]
    assert Experiment.from_directory(tmp_path / "run", False) == experiment


def test_an_extension_of_twenty_lines_works(install, tmp_path):
    code = '''
from attrs import define
from rlchassis.api import UsageError, hookimpl

@define(eq=False)
class Guard:
    """Ends a run whose tests stay below a floor."""

    floor: float = 0.0
    tests: int = 0

    @hookimpl
    def rlchassis_test_end(self, result):
        self.tests += 1
        if result.mean < self.floor:
            raise UsageError(f"test {self.tests} earned {result.mean}, below {self.floor}.")
'''
    install(lambda folder: write_distribution(folder, "acme-guard", code, extension="acme.guard = Guard"))
    cartpole(tmp_path).with_extension("acme.guard", floor=1.0).build().run("fine")
    with pytest.raises(UsageError, match=r"test 1 earned .* below 1000"):
        cartpole(tmp_path).with_extension("acme.guard", floor=1000).build().run("low")


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


def test_docs_and_specs_say_the_same():
    rows = re.findall(r"^\| `(rlchassis_\w+)` \| ([\w, ]+) \| (all|first) \|", DOCS.read_text("utf-8"), flags=re.MULTILINE)
    documented = {name: arguments.split(", ") for name, arguments, _ in rows}
    assert list(documented.items()) == list(SPECS.items())
    first = {name for name, spec in vars(Hooks).items() if getattr(spec, "rlchassis_spec", None) and spec.rlchassis_spec["firstresult"]}
    assert {name for name, _, kind in rows if kind == "first"} == first
    drawn = set(re.findall(r"[a-z]+_[a-z_]+|teardown|metrics", DOCS.read_text("utf-8").partition("```mermaid")[2].partition("```")[0]))
    assert drawn == {name.removeprefix("rlchassis_") for name in SPECS}


def test_config_is_not_needed_to_name_an_extension(record):
    assert PPOExperimentBuilder("CartPole-v1", ExperimentConfig()).with_extension("acme.record").build().extensions[0].name == "acme.record"


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
