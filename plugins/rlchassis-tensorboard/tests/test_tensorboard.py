"""TensorBoard's own reader finds what metrics.jsonl says: every tag, every step, the same values."""

from __future__ import annotations

import json

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from rlchassis_tensorboard import LoggerFactoryTensorboard
from rlchassis_testkit.onlooker import OnlookerExperimentBuilder
from rlchassis_testkit.stored_runs import rows_of, tiny_config, tiny_sampling


def read(directory):
    events = EventAccumulator(str(directory), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    return events


def scalars(directory):
    events = read(directory)
    return {(tag, event.step): event.value for tag in events.Tags()["scalars"] for event in events.Scalars(tag)}


@pytest.fixture
def directory(tmp_path):
    builder = OnlookerExperimentBuilder("CartPole-v1", tiny_config(tmp_path), tiny_sampling())
    return builder.with_logger_factory(LoggerFactoryTensorboard()).build().run("run").world.directory


def test_every_tag_and_step_of_the_metrics_file_is_found_with_its_value(directory):
    expected = {
        (tag, row["step"]): value for row in rows_of(directory) for tag, value in row.items() if tag != "step" and value is not None
    }
    assert scalars(directory / "tb") == expected
    assert len(expected) > 10


def test_the_recipe_stands_beside_the_scalars(directory):
    (event,) = read(directory / "tb").Tensors("recipe")
    text = event.tensor_proto.string_val[0].decode()
    assert json.loads(text.removeprefix("```json\n").removesuffix("\n```")) == json.loads(
        (directory / "experiment.json").read_text("utf-8")
    )


def test_a_run_id_is_a_folder_whose_files_go_on_where_earlier_ones_ended(tmp_path):
    for start in (0, 5):
        logger = LoggerFactoryTensorboard().create_logger(str(tmp_path), "x", "id-1", {})
        for step in range(start, start + 5):
            logger.log({"a": step / 2}, step)
        logger.close()
    assert scalars(tmp_path / "tb" / "id-1") == {("a", step): step / 2 for step in range(10)}


def test_it_may_be_closed_twice_and_keeps_what_was_logged_before(tmp_path):
    logger = LoggerFactoryTensorboard().create_logger(str(tmp_path), "x", None, {"a": float("nan")})
    logger.log({"a": 1.0, "b": float("nan")}, 1)
    logger.close()
    logger.close()
    found = scalars(tmp_path / "tb")
    assert found["a", 1] == 1.0
    assert found["b", 1] != found["b", 1]
