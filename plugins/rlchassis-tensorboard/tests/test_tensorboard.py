"""TensorBoard's own reader finds what metrics.jsonl says: every tag, every step, the same values."""

from __future__ import annotations

import errno
import json
import threading

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from rlchassis.api import UsageError
from rlchassis_tensorboard import LoggerFactoryTensorboard
from rlchassis_testkit.recording_algorithm import RecordingExperimentBuilder
from rlchassis_testkit.stored_runs import in_another_process, rows_of, tiny_config, tiny_sampling


def read(directory):
    events = EventAccumulator(str(directory), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    return events


def scalars(directory):
    events = read(directory)
    return {(tag, event.step): event.value for tag in events.Tags()["scalars"] for event in events.Scalars(tag)}


@pytest.fixture
def directory(tmp_path):
    builder = RecordingExperimentBuilder("CartPole-v1", tiny_config(tmp_path), tiny_sampling())
    return builder.with_logger_factory(LoggerFactoryTensorboard()).build().run("run").world.directory


def test_every_tag_and_step_of_the_metrics_file_is_found_with_its_value(directory):
    expected = {
        (tag, row["step"]): value for row in rows_of(directory) for tag, value in row.items() if tag != "step" and value is not None
    }
    assert scalars(directory / "tb") == expected
    assert len(expected) > 10


def test_the_configuration_is_a_text_beside_the_scalars(directory):
    (event,) = read(directory / "tb").Tensors("configuration")
    text = event.tensor_proto.string_val[0].decode()
    assert json.loads(text.removeprefix("```json\n").removesuffix("\n```")) == json.loads(
        (directory / "experiment.json").read_text("utf-8")
    )


def test_the_configuration_is_in_the_tab_of_hyperparameters(directory):
    from tensorboard.plugins.hparams import metadata

    content = read(directory / "tb").SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    found = metadata.parse_session_start_info_plugin_data(content).hparams
    assert found["config.seed"].number_value == 42
    assert found["config.watch"].bool_value is False
    assert found["env.task"].string_value == "CartPole-v1"
    assert found["policy_wrappers"].string_value == "[]"
    assert found["sampling.step_per_epoch"].number_value == 32


def test_returns_of_a_test_are_a_histogram_beside_their_mean(directory):
    events = read(directory / "tb").Tensors("test/returns")
    tests = [row for row in rows_of(directory) if "test/return" in row]
    assert [event.step for event in events] == [row["step"] for row in tests]
    for event, row in zip(events, tests, strict=True):
        buckets = make_ndarray(event.tensor_proto)
        assert buckets[:, 2].sum() == 2
        assert (buckets[0, 0], buckets[-1, 1]) == (row["test/return_min"], row["test/return_max"])


def test_returns_that_are_not_finite_are_in_no_histogram(tmp_path):
    logger = LoggerFactoryTensorboard().create_logger(str(tmp_path), "x", None, {})
    logger.log_histogram("a", [1.0, float("nan"), float("inf"), 2.0], 1)
    logger.log_histogram("a", [float("nan")], 2)
    logger.close()
    assert [make_ndarray(event.tensor_proto)[:, 2].sum() for event in read(tmp_path / "tb").Tensors("a")] == [2, 0]


def test_a_gif_is_an_image_and_another_format_one_warning(tmp_path, caplog):
    gif = b"GIF89a" + bytes([3, 0, 2, 0]) + b"..."
    (tmp_path / "a.gif").write_bytes(gif)
    (tmp_path / "a.mp4").write_bytes(b"....ftypisom")
    logger = LoggerFactoryTensorboard().create_logger(str(tmp_path), "x", None, {})
    for file in ("a.gif", "a.mp4", "a.mp4"):
        logger.log_video("test/video", str(tmp_path / file), 7)
    logger.close()
    (image,) = read(tmp_path / "tb").Images("test/video")
    assert (image.step, image.width, image.height, image.encoded_image_string) == (7, 3, 2, gif)
    assert [message.partition(", so ")[0] for message in caplog.messages] == ["TensorBoard shows GIF files only"]


def test_a_run_id_is_a_folder_whose_files_go_on_where_earlier_ones_ended(tmp_path):
    for start in (0, 5):
        logger = LoggerFactoryTensorboard().create_logger(str(tmp_path), "x", "id-1", {})
        for step in range(start, start + 5):
            logger.log({"a": step / 2}, step)
        logger.close()
    assert scalars(tmp_path / "tb" / "id-1") == {("a", step): step / 2 for step in range(10)}


def test_the_configuration_is_in_the_file_of_a_run_that_logged_nothing(tmp_path):
    LoggerFactoryTensorboard().create_logger(str(tmp_path), "x", None, {"seed": 3}).close()
    (event,) = read(tmp_path / "tb").Tensors("configuration")
    assert event.tensor_proto.string_val[0].decode() == '```json\n{\n  "seed": 3\n}\n```'


def test_tensorboard_is_imported_with_the_first_event_and_no_earlier(tmp_path):
    code = (
        "import sys; from rlchassis_tensorboard import LoggerFactoryTensorboard\n"
        "logger = LoggerFactoryTensorboard().create_logger(sys.argv[1], 'x', None, {}); print('tensorboard' in sys.modules)\n"
        "logger.log({'a': 1.0}, 1); print('tensorboard' in sys.modules)"
    )
    assert in_another_process(code, tmp_path, cwd=tmp_path).split() == ["False", "True"]


def test_a_logger_can_be_closed_twice_and_keeps_logged_metrics(tmp_path):
    logger = LoggerFactoryTensorboard().create_logger(str(tmp_path), "x", None, {"a": float("nan")})
    logger.log({"a": 1.0, "b": float("nan")}, 1)
    logger.close()
    logger.close()
    found = scalars(tmp_path / "tb")
    assert found["a", 1] == 1.0
    assert found["b", 1] != found["b", 1]


def test_logged_metrics_are_in_the_file_at_once_and_no_thread_writes_them(tmp_path):
    threads = threading.active_count()
    logger = LoggerFactoryTensorboard().create_logger(str(tmp_path), "x", None, {})
    logger.log({"a": 1.0}, 1)
    assert scalars(tmp_path / "tb") == {("a", 1): 1.0}
    assert threading.active_count() == threads
    logger.close()


class Full:
    """A file on a disk that is full."""

    def write(self, *data):
        raise OSError(errno.ENOSPC, "No space left on device")

    flush = close = write


def test_a_disk_that_is_full_is_the_error_of_whoever_logs(tmp_path):
    logger = LoggerFactoryTensorboard().create_logger(str(tmp_path), "x", None, {})
    logger.close()
    logger._file, logger._events = Full(), None
    with pytest.raises(OSError, match="No space left on device"):
        logger.log({"a": 1.0}, 1)


def test_a_logger_that_cannot_be_made_names_its_file(tmp_path):
    (tmp_path / "tb").write_text("no directory", "utf-8")
    with pytest.raises(UsageError, match=r"tb/events\.out\.tfevents\..* cannot be written \(File exists\); choose another directory"):
        LoggerFactoryTensorboard().create_logger(str(tmp_path), "x", None, {})
