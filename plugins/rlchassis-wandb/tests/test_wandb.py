"""The files of W&B hold what metrics.jsonl says: every tag, every step, the same values."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys

import numpy as np
import pytest

from rlchassis.api import UsageError
from rlchassis.storage.files import make_writable
from rlchassis_testkit.recording_algorithm import RecordingExperimentBuilder
from rlchassis_testkit.stored_runs import rows_of, tiny_config, tiny_sampling
from rlchassis_wandb import LoggerFactoryWandb

pytestmark = pytest.mark.services
BLOCK, MAGIC = 2**15, 7


@pytest.fixture(autouse=True, scope="module")
def wandb():
    return pytest.importorskip("wandb")


def records(file):
    """Records of a .wandb file, by W&B's own message class: blocks of chunks, each with a checksum, a size and its place in a record."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, at, part = file.read_bytes(), MAGIC, b""
    while at + 7 <= len(data):
        if BLOCK - at % BLOCK < 7:
            at += BLOCK - at % BLOCK
            continue
        _, size, place = struct.unpack("<IHB", data[at : at + 7])
        part, at = part + data[at + 7 : at + 7 + size], at + 7 + size
        if place in (1, 4):  # whole, or the last of several
            yield Record.FromString(part)
            part = b""


def stored(directory):
    """All records of all files of a run, oldest first."""
    sys.modules["wandb"].teardown()  # waits for the process that writes them
    files = sorted((directory / "wandb").glob("offline-run-*/*.wandb"))
    return [record for file in files for record in records(file)]


def scalars(directory):
    """Step and value of each tag; W&B's own begin with an underscore."""
    found = {}
    for row in (record.history for record in stored(directory) if record.WhichOneof("record_type") == "history"):
        items = {item.key or item.nested_key[0]: json.loads(item.value_json) for item in row.item if len(item.nested_key) < 2}
        found |= {(tag, row.step.num): value for tag, value in items.items() if not tag.startswith("_")}
    return found


def expected(directory):
    return {(tag, row["step"]): value for row in rows_of(directory) for tag, value in row.items() if tag != "step"}


def values(found):
    """What is not finite as None."""
    return {key: None if value in ("NaN", "Infinity", "-Infinity") else value for key, value in found.items()}


@pytest.fixture(scope="module")
def run(tmp_path_factory, wandb):
    """The directory of a run, offline."""
    base = tmp_path_factory.mktemp("runs")
    builder = RecordingExperimentBuilder("CartPole-v1", tiny_config(base), tiny_sampling())
    return builder.with_logger_factory(LoggerFactoryWandb(mode="offline", tags=("tiny",))).build().run("run").world.directory


def test_every_tag_and_step_of_the_metrics_file_is_found_with_its_value(run):
    assert values(scalars(run)) == expected(run)
    assert len(expected(run)) > 10


def test_a_run_has_its_name_and_its_configuration(run):
    (found,) = (record.run for record in stored(run) if record.WhichOneof("record_type") == "run")
    assert (found.project, found.display_name, list(found.tags)) == ("rlchassis", "run", ["tiny"])
    configuration = {item.key: json.loads(item.value_json) for item in found.config.update}
    assert configuration["agent_factory"] == json.loads((run / "experiment.json").read_text("utf-8"))["agent_factory"]


def test_returns_of_tests_are_histograms(run):
    rows = [record.history for record in stored(run) if record.WhichOneof("record_type") == "history"]
    kinds = [json.loads(item.value_json) for row in rows for item in row.item if list(item.nested_key) == ["test/returns", "_type"]]
    assert kinds == ["histogram"] * sum("test/return" in row for row in rows_of(run))


def test_a_directory_has_one_run_however_often_it_is_opened_and_no_link_that_leads_out_of_it(tmp_path):
    for step in (1, 2):
        logger = LoggerFactoryWandb(mode="offline").create_logger(str(tmp_path), "x", None, {})
        logger.log({"a": step / 2}, step)
        logger.close()
        make_writable(tmp_path)
    ids = {record.run.run_id for record in stored(tmp_path) if record.WhichOneof("record_type") == "run"}
    assert ids == {(tmp_path / "wandb" / "run-id.txt").read_text()}
    assert scalars(tmp_path) == {("a", 1): 0.5, ("a", 2): 1.0}


def test_a_logger_keeps_its_run_id_stores_videos_and_disturbs_no_random_numbers(tmp_path):
    (tmp_path / "episode.mp4").write_bytes(b"not looked into")
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002  the global one
    logger = LoggerFactoryWandb(mode="offline").create_logger(str(tmp_path), "x", "id-1", {})
    logger.log_video("test/video", str(tmp_path / "episode.mp4"), 3)
    logger.close()
    logger.close()
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002  the global one
    (file,) = (tmp_path / "wandb").glob("offline-run-*/files/media/videos/test/*.mp4")
    assert file.read_bytes() == b"not looked into"
    assert (tmp_path / "wandb" / "run-id.txt").read_text() == "id-1"


@pytest.fixture
def nobody(monkeypatch, tmp_path):
    """An account that is not logged in."""
    for name in ("WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))


def test_without_login_a_run_is_refused_before_its_first_step_unless_it_is_offline(nobody, tmp_path):
    builder = RecordingExperimentBuilder("CartPole-v1", tiny_config(tmp_path / "log"), tiny_sampling())
    with pytest.raises(
        UsageError, match=r"^no W&B account is logged in; run `wandb login`, or set mode=offline \(--logger wandb:mode=offline\)\."
    ):
        builder.with_logger_factory(LoggerFactoryWandb()).build().run("run")
    assert not list((tmp_path / "log").rglob("metrics.jsonl"))


def test_what_wandb_refuses_is_one_sentence(tmp_path):
    with pytest.raises(UsageError, match=r"^W&B cannot begin a run \(.*\); use another logger, or set mode=offline\.$"):
        LoggerFactoryWandb(mode="offline").create_logger(str(tmp_path), "x", "a/b", {})


def test_wandb_is_imported_with_the_first_logger_and_no_earlier():
    code = "import sys; import rlchassis_wandb; rlchassis_wandb.LoggerFactoryWandb(); print('wandb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
