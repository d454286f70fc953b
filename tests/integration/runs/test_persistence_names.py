"""No name leads out of the base directory, and no directory serves two runs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlchassis.errors import UsageError
from rlchassis.experiment import EpochTrainCallback, Experiment, PPOExperimentBuilder
from rlchassis.storage.names import create_run_directory, name_parts, timestamp_name
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling

TRICKY = st.one_of(
    st.text(max_size=12),
    st.lists(
        st.sampled_from(["..", ".", "", "~", "-x", "a", "b c", "/", "\\", "C:", "\x00", "\n", "link", "con", "ä", "\u202e", "a" * 201]),
        max_size=5,
    ).map("/".join),
    st.lists(st.sampled_from(["..", "a", "/", "\\", "%2e", "link"]), max_size=6).map("".join),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A base directory with a way out of it, beside something that must stay as it is."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "base").mkdir()
    (folder / "outside").mkdir()
    (folder / "base" / "link").symlink_to(folder / "outside", target_is_directory=True)
    return folder


@given(name=TRICKY)
def test_whatever_the_name_nothing_is_made_outside_the_base(place, name):
    try:
        made = create_run_directory(place / "base", name, suffix_if_exists=True)
    except UsageError:
        pass
    else:
        assert made.is_dir()
        assert made.resolve().is_relative_to(place / "base")
    assert list((place / "outside").iterdir()) == []
    assert {path.name for path in place.iterdir()} == {"base", "outside"}


BAD = [
    "", " ", ".", "..", "a/..", "../a", "/a", "a/", "a//b", "~", "~root/a", "-rf", "a\x00", "a\nb",
    "C:/a", "C:\\a", "a\\..\\b", "a.", "nul", "COM1.x", "x" * 201, "\ud800", "a\u202eb", "a*",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD, ids=ascii)
def test_a_name_that_could_lead_astray_is_refused_before_anything_is_built(name, tmp_path):
    experiment = PPOExperimentBuilder("NoSuchEnvironment-v0", tiny_config(tmp_path)).build()
    with pytest.raises(UsageError, match=r"^experiment name .*; use names such as") as caught:
        experiment.run(name)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [3, b"a", None], ids=repr)
def test_a_name_that_is_no_text_is_refused(name):
    with pytest.raises(UsageError, match="must be a text"):
        name_parts(name)


@pytest.mark.parametrize(
    ("name", "parts"), [("a", ("a",)), ("a/b", ("a", "b")), ("a\\b/c", ("a", "b", "c")), ("Größe 1.5/x_y-z", ("Größe 1.5", "x_y-z"))]
)
def test_separators_make_nested_directories(name, parts, tmp_path):
    assert name_parts(name) == parts
    assert create_run_directory(tmp_path, name) == tmp_path.joinpath(*parts)


def test_an_existing_directory_is_refused_with_what_to_do(tmp_path):
    create_run_directory(tmp_path, "a")
    with pytest.raises(UsageError, match=r"exists already; choose another name, or .* --if-exists suffix"):
        create_run_directory(tmp_path, "a")


def test_the_next_free_suffix_is_taken(tmp_path):
    made = [create_run_directory(tmp_path, "a/b", suffix_if_exists=True).name for _ in range(3)]
    assert made == ["b", "b-2", "b-3"]


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "a").write_text("", "utf-8")
    for name in ("a", "a/b"):
        with pytest.raises(UsageError):
            create_run_directory(tmp_path, name)


def test_the_leaf_may_not_be_a_link_out_of_the_base(place):
    for name in ("link", "link/x"):
        with pytest.raises(UsageError, match="leads out of"):
            create_run_directory(place / "base", name)


def test_a_run_without_a_name_bears_the_time_and_two_in_one_second_do_not_collide(tmp_path, monkeypatch):
    assert re.fullmatch(r"\d{8}-\d{6}", timestamp_name())
    monkeypatch.setattr("rlchassis.run.execute.timestamp_name", lambda: "20300101-000000")
    experiment = PPOExperimentBuilder("CartPole-v1", tiny_config(tmp_path), tiny_sampling(num_test_envs=0)).build()
    assert [experiment.run().world.directory.name for _ in range(2)] == ["20300101-000000", "20300101-000000-2"]


def test_the_name_of_the_recipe_is_used_unless_run_is_given_another(tmp_path):
    builder = PPOExperimentBuilder("CartPole-v1", tiny_config(tmp_path), tiny_sampling(num_test_envs=0)).with_name("own")
    assert builder.build().run().world.directory == tmp_path / "own"
    assert builder.build().run("other").world.directory == tmp_path / "other"
    with pytest.raises(UsageError, match="exists already"):
        builder.build().run()
    assert Experiment.from_directory(tmp_path / "other").name == "own"


def loop(folder):
    (folder / "loop").symlink_to("loop")
    return folder / "loop"


NO_PLACES = {
    "a user who is not there": lambda folder: "~nobody-of-this-name/log",
    "a zero byte": lambda folder: f"{folder}/a\0b",
    "a lone surrogate": lambda folder: f"{folder}/\ud800",
    "a link to itself": loop,
    "a link to itself, further up": lambda folder: loop(folder) / "log",
    "a name that is too long": lambda folder: f"{folder}/{'x' * 300}",
}


@pytest.mark.parametrize("what", NO_PLACES)
def test_a_base_directory_that_cannot_be_is_refused_in_one_sentence(what, tmp_path):
    config = tiny_config(tmp_path, persistence_base_dir=NO_PLACES[what](tmp_path))
    with pytest.raises(UsageError, match=r"is no place for a run|cannot be made") as caught:
        PPOExperimentBuilder("CartPole-v1", config, tiny_sampling()).build().run("x")
    assert "\n" not in str(caught.value)
    with pytest.raises(UsageError):
        Experiment.from_directory(config.persistence_base_dir)


@pytest.mark.parametrize("files", [["run.lock"], ["experiment.json", "experiment.pkl"]])
def test_no_run_is_put_within_the_directory_of_another(files, tmp_path):
    outer = create_run_directory(tmp_path, "a/b")
    for name in files:
        (outer / name).touch()
    for base, name in ((tmp_path, "a/b/c"), (tmp_path, "a/b/c/d"), (outer, "c"), (tmp_path / "a", "b/c")):
        with pytest.raises(UsageError, match=rf"{outer} is the directory of a run, in which no other run is put"):
            create_run_directory(base, name, suffix_if_exists=True)
    assert sorted(path.name for path in outer.iterdir()) == sorted(files)
    assert create_run_directory(tmp_path, "a/c").is_dir()


def test_a_run_that_is_going_on_takes_no_other_into_its_directory(tmp_path):
    class Nests(EpochTrainCallback):
        def callback(self, epoch, env_step, context):
            with pytest.raises(UsageError, match="in which no other run is put"):
                experiment.run("outer/inner")
            refused.append(epoch)

    refused = []
    experiment = PPOExperimentBuilder("CartPole-v1", tiny_config(tmp_path), tiny_sampling(num_test_envs=0)).build()
    outer = PPOExperimentBuilder("CartPole-v1", tiny_config(tmp_path), tiny_sampling(num_test_envs=0))
    outer.with_epoch_train_callback(Nests()).build().run("outer")
    assert refused == [1, 2]
    assert not (tmp_path / "outer" / "inner").exists()


@pytest.mark.parametrize("directory", ["a\0b", "\ud800", "file/x"])
def test_a_directory_that_cannot_be_made_is_refused_when_an_experiment_is_saved(directory, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot create the directory"):
        PPOExperimentBuilder("CartPole-v1").build().save(f"{tmp_path}/{directory}")
