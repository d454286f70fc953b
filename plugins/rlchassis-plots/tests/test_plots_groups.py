"""Which runs share a line, which lines share axes, and what the words say of them."""

from __future__ import annotations

import pytest

from rlchassis.errors import StoredFileError, UsageError
from rlchassis_plots.groups import panels, relabelled, require_one_configuration
from rlchassis_plots.runs import Run, find_runs

TESTED = [{"step": 1, "test/return": 1.0}]


@pytest.fixture
def run(tmp_path):
    def make(name="run", label=None, rows=TESTED, **settings):
        settings = {"algorithm": "acme", "env": "env/registered", "env.task": "Own-v0", "config.seed": 1, **settings}
        return Run(tmp_path / name, settings, rows, label)

    return make


def words(*runs):
    return [(panel.title, [group.label for group in panel.groups]) for panel in panels(runs)]


def sizes(*runs):
    return [[len(group.runs) for group in panel.groups] for panel in panels(runs)]


def test_runs_that_differ_in_seed_name_device_or_what_is_shown_and_stored_are_one_group(run):
    more = {"config.seed": 2, "name": "b", "config.watch_num_episodes": 3, "config.persistence_base_dir": "x", "logger_factory.1": "csv"}
    where = {"config.device": "cuda:1", "env.venv_type": "subproc", "env.step_timeout": 9.0, "env.make_kwargs": {}}
    assert sizes(run(), run(**more), run(**where), run(names=1), run(**{"params.lr": 1.0})) == [[3, 1, 1]]


def test_a_number_and_its_text_are_not_the_same_setting(run):
    assert sizes(run(a=1), run(a="[1]"), run(a=[1]), run(a=1.0)) == [[1, 2, 1]]


def test_a_label_says_what_differs_and_nothing_else(run):
    several = run(**{"params.lr": 0.1, "params.gamma": 0.9}), run(**{"params.lr": 0.2, "params.gamma": 0.9, "sampling.new": None})
    assert words(*several) == [("Own-v0", ["lr=0.1, new=absent", "lr=0.2, new=null"])]


def test_settings_of_one_name_in_two_sections_keep_their_sections(run):
    several = run(**{"params.size": 1, "sampling.size": 1}), run(**{"params.size": 2, "sampling.size": 2})
    assert words(*several) == [("Own-v0", ["params.size=1, sampling.size=1", "params.size=2, sampling.size=2"])]


def test_another_algorithm_is_named_without_its_settings(run):
    several = run(**{"params.lr": 0.1}), run(**{"params.lr": 0.2}), run(algorithm="own", **{"params.eps": 0.3})
    assert words(*several) == [("Own-v0", ["acme, lr=0.1", "acme, lr=0.2", "own"])]


def test_a_line_of_its_own_is_called_by_its_algorithm(run):
    assert words(run(), run()) == [("Own-v0", ["acme"])]


def test_every_environment_has_a_panel_in_which_labels_begin_anew(run):
    several = run(), run(**{"env.task": "B", "params.lr": 1}), run(**{"env.task": "B", "params.lr": 2})
    assert words(*several) == [("Own-v0", ["acme"]), ("B", ["lr=1", "lr=2"])]


def test_one_task_made_with_other_arguments_is_another_environment(run):
    assert words(run(), run(**{"env.gravity": 3.0})) == [("Own-v0", ["acme"]), ("Own-v0, gravity=3.0", ["acme"])]


@pytest.mark.parametrize(
    ("made", "name"),
    [
        ({"env": "env/callable", "env.create.object": "mine:make"}, "mine:make"),
        ({"env": "env/vector", "env.vector_env.unstorable": "MyVectorEnv"}, "MyVectorEnv"),
        ({"env": "mine:Factory", "env.size": 3}, "mine:Factory"),
    ],
)
def test_an_environment_without_an_id_is_called_by_what_makes_it(run, made, name):
    assert words(run(**{"env.task": "", **made})) == [(name, ["acme"])]


def test_an_environment_that_was_not_stored_is_reported_where_runs_are_compared(run, caplog):
    made = {"env": "env/callable", "env.task": "", "env.create.unstorable": "<lambda>"}
    assert words(run(**made)) == [("<lambda>", ["acme"])]
    assert not caplog.text
    panels([run(**made), run(**made)])
    assert "<lambda> is not stored; whether it is the same in all of these runs is not known." in caplog.text


def test_of_many_differences_four_are_named_and_equal_labels_get_the_directory(run):
    several = [run(f"{i}/r", s0=i > 1, s1=i > 1, s2=i > 1, s3=i > 1, t=i) for i in range(3)]
    assert words(*several)[0][1] == [
        f"s0=false, s1=false, s2=false, s3=false and 1 more ({several[0].directory})",
        f"s0=false, s1=false, s2=false, s3=false and 1 more ({several[1].directory})",
        "s0=true, s1=true, s2=true, s3=true and 1 more",
    ]


def test_runs_of_one_given_label_are_one_group_per_environment(run):
    several = run(label="A", lr=1), run(label="A", lr=2), run(label="B", lr=2), run(label="A", **{"env.task": "B"})
    assert words(*several) == [("Own-v0", ["A", "B"]), ("B", ["A"])]


def test_labels_replace_those_of_the_legend_in_its_order(run):
    several = panels([run(lr=1), run(lr=2), run(lr=1, **{"env.task": "B"}), run(lr=2, **{"env.task": "B"})])
    assert [[group.label for group in panel.groups] for panel in relabelled(several, ["A", "B"], 9)] == [["A", "B"], ["A", "B"]]


def test_another_number_of_labels_than_directories_or_lines_is_refused(run):
    with pytest.raises(UsageError, match=r"^expected 9 or 2 labels, one per directory or one per line of the legend, got 1\.$"):
        relabelled(panels([run(lr=1), run(lr=2)]), ["A"], 9)


def test_one_label_for_two_lines_is_refused(run):
    with pytest.raises(UsageError, match="expected a label of its own for each line of the legend, got one twice"):
        relabelled(panels([run(lr=1), run(lr=2)]), ["A", "A"], 9)


def test_one_label_for_a_directory_of_two_configurations_is_refused(run):
    require_one_configuration([run(label="A", lr=1), run(label="A", lr=2, **{"env.task": "B"})])
    with pytest.raises(UsageError, match=r"^the label 'A' is given to 2 configurations on Own-v0 \(a and b\); name the directory of each"):
        require_one_configuration([run("a", label="A", lr=1), run("b", label="A", lr=2)])


TRAINED = [{"step": 1, "train/return": 1.0}]


def test_runs_without_a_test_are_left_out_where_others_are_tested_and_said_to_be(run, caplog):
    assert sizes(run("a"), run("b", rows=TRAINED)) == [[1]]
    assert "b holds no return of test episodes yet and is left out." in caplog.text


def test_in_an_environment_where_no_run_was_tested_training_is_shown(run):
    both = panels([run(), run(rows=TRAINED, **{"env.task": "B"})])
    assert [panel.groups[0].tag for panel in both] == ["test/return", "train/return"]


def test_runs_without_any_return_are_refused(run):
    with pytest.raises(StoredFileError, match=r"^none of these runs holds a return yet; plot them once an episode of one has ended\.$"):
        panels([run(rows=[]), run(rows=[{"step": 1, "learn/loss": 1.0}])])


def test_run_directories_are_found_at_any_depth_and_each_once(synthetic, tmp_path):
    for name in ("log/b", "log/a/2", "log/a/1"):
        synthetic(name, tests=0)
    found = find_runs([tmp_path / "log" / "b", tmp_path / "log"])
    assert [[path.relative_to(tmp_path).as_posix() for path in each] for each in found] == [["log/b"], ["log/a/1", "log/a/2"]]


def test_a_folder_without_runs_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(StoredFileError, match=r"there is no metrics\.jsonl in it\.$"):
            find_runs([folder])
