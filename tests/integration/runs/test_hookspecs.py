"""Extensions are called when, as often and in the order that docs/hooks.md promises."""

from __future__ import annotations

import inspect
import itertools
import re
from pathlib import Path

import pytest

from rlchassis.errors import UsageError
from rlchassis.experiment import Experiment, ExperimentConfig, PPOExperimentBuilder
from rlchassis.hookspecs import Hooks, hookimpl
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


def test_an_observer_of_this_process_is_called_after_the_extensions_and_never_stored(record, tmp_path):
    class Observer:
        @hookimpl
        def rlchassis_train_start(self):
            record.append(("rlchassis_train_start", "observer"))

    experiment = cartpole(tmp_path).with_extension("acme.record").build()
    experiment.run("run", observers=[Observer()])
    assert [label for name, label in record if name == "rlchassis_train_start"] == ["a", "observer"]
    assert Experiment.from_directory(tmp_path / "run", False) == experiment


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
