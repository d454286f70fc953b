"""MLflow's own client finds what metrics.jsonl says: every tag, every step, the same values."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from pathlib import Path

import pytest

from rlchassis.api import UsageError
from rlchassis_mlflow import LoggerFactoryMlflow
from rlchassis_testkit.recording_algorithm import RecordingExperimentBuilder
from rlchassis_testkit.stored_runs import rows_of, tiny_config, tiny_sampling

pytestmark = [pytest.mark.services, pytest.mark.filterwarnings("default")]  # MLflow's dependencies warn of each other


@pytest.fixture(autouse=True, scope="module")
def mlflow(tmp_path_factory):
    """The package, in a working directory of its own, where it puts artifacts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("here"))
        yield pytest.importorskip("mlflow")


@pytest.fixture(scope="module")
def uri(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('store') / 'mlflow.db'}"


@pytest.fixture(scope="module")
def client(uri, mlflow):
    return mlflow.MlflowClient(tracking_uri=uri)


@pytest.fixture(scope="module")
def directory(uri, tmp_path_factory, mlflow):
    """Of a run."""
    base = tmp_path_factory.mktemp("runs")
    builder = RecordingExperimentBuilder("CartPole-v1", tiny_config(base), tiny_sampling())
    return builder.with_logger_factory(LoggerFactoryMlflow(uri, "tiny")).build().run("run").world.directory


@pytest.fixture
def run(client, directory):
    """The only run of the experiment."""
    (run,) = client.search_runs([client.get_experiment_by_name("tiny").experiment_id])
    return run


def points(client, run):
    return [(key, point.step, point.value) for key in run.data.metrics for point in client.get_metric_history(run.info.run_id, key)]


def test_every_tag_and_step_of_the_metrics_file_is_found_once_with_its_value(client, directory, run):
    expected = [(tag, row["step"], value) for row in rows_of(directory) for tag, value in row.items() if tag != "step"]
    found = [(key, step, None if not math.isfinite(value) else value) for key, step, value in points(client, run)]
    assert sorted(found, key=repr) == sorted(expected, key=repr)
    assert len(expected) > 10


def test_the_configuration_is_parameters_and_an_artifact(client, directory, run, tmp_path):
    stored = json.loads((directory / "experiment.json").read_text("utf-8"))
    assert run.data.params["config.seed"] == str(stored["config"]["seed"])
    assert json.loads(Path(client.download_artifacts(run.info.run_id, "configuration.json", str(tmp_path))).read_text("utf-8")) == stored
    assert (run.info.run_name, run.info.status) == ("run", "FINISHED")


def opened(uri, directory, run_id=None):
    return LoggerFactoryMlflow(uri, "few").create_logger(str(directory), "x", run_id, {})


def test_a_run_id_is_gone_on_with_from_any_directory_and_what_is_there_is_not_logged_again(client, uri, tmp_path):
    before = random.getstate()
    first = opened(uri, tmp_path / "one", "it's-7")
    first.log({"a": 1.0, "odd(key)": 2.0}, 1)
    first.log({"a": 2.0}, 2)
    first.close()
    again = opened(uri, tmp_path / "two", "it's-7")
    again.load_state_dict({})
    again.log({"a": 2.0, "b": math.nan}, 2)
    again.log({"a": 3.0}, 3)
    again.close()
    (run,) = client.search_runs([client.get_experiment_by_name("few").experiment_id])
    found = points(client, run)
    assert sorted(point for point in found if point[0] != "b") == [("a", 1, 1.0), ("a", 2, 2.0), ("a", 3, 3.0), ("odd_key_", 1, 2.0)]
    assert [math.isnan(value) for key, _, value in found if key == "b"] == [True]
    assert random.getstate() == before


def test_a_directory_has_one_run_however_often_it_is_opened(client, uri, tmp_path):
    for step in (1, 2):
        logger = LoggerFactoryMlflow(uri, "reopened").create_logger(str(tmp_path), "x", None, {"step": step})
        logger.log({"a": step / 2}, step)
        logger.close()
    (run,) = client.search_runs([client.get_experiment_by_name("reopened").experiment_id])
    assert points(client, run) == [("a", 1, 0.5), ("a", 2, 1.0)]


def test_a_video_is_an_artifact(client, uri, tmp_path):
    (tmp_path / "episode.mp4").write_bytes(b"not looked into")
    logger = LoggerFactoryMlflow(uri, "videos").create_logger(str(tmp_path), "x", None, {})
    logger.log_video("test/video", str(tmp_path / "episode.mp4"), 3)
    logger.close()
    (run,) = client.search_runs([client.get_experiment_by_name("videos").experiment_id])
    assert [each.path for each in client.list_artifacts(run.info.run_id, "videos")] == ["videos/episode.mp4"]


def test_a_store_that_cannot_be_reached_is_one_sentence_before_the_first_step(tmp_path):
    builder = RecordingExperimentBuilder("CartPole-v1", tiny_config(tmp_path / "log"), tiny_sampling())
    with pytest.raises(
        UsageError, match=r"^MLflow cannot begin a run \(.*\); set tracking_uri to a database or server that can be reached\."
    ):
        builder.with_logger_factory(LoggerFactoryMlflow("carrier-pigeon://loft")).build().run("run")
    assert not list((tmp_path / "log").rglob("metrics.jsonl"))


def test_mlflow_is_imported_with_the_first_logger_and_no_earlier():
    code = "import sys; import rlchassis_mlflow; rlchassis_mlflow.LoggerFactoryMlflow(); print('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
