from __future__ import annotations

import pytest
import torch

from rlchassis.errors import PluginError
from rlchassis.learning.algorithm import UpdateResult
from rlchassis.learning.policy import PolicyWrapper
from rlchassis_testkit.recorded_runs import NO_TESTS, recorded_run
from rlchassis_testkit.recording_algorithm import RecordingAlgorithm, Seen
from rlchassis_testkit.wrapping import Wrapping


def updating(monkeypatch, answer):
    def update(self, batch, count):
        return answer

    monkeypatch.setattr(RecordingAlgorithm, "update", update)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"loss": 1}, r"^RecordingAlgorithm\.update returned dict, expected an UpdateResult; write `return UpdateResult\(metrics\)`\.$"),
        (None, r"returned NoneType, expected an UpdateResult"),
        (UpdateResult(None), r"returned NoneType, expected a dict of metrics"),
    ],
)
def test_an_update_that_returns_no_update_result_is_refused_by_name(answer, said, monkeypatch):
    updating(monkeypatch, answer)
    with pytest.raises(PluginError, match=said):
        recorded_run(**NO_TESTS)


@pytest.mark.parametrize(
    ("method", "answer", "said"),
    [
        ("prepare", {"obs": 1}, "returned dict, expected a TensorStruct"),
        ("refresh", None, "returned NoneType, expected a TensorStruct"),
        (
            "prepare",
            Seen(*[torch.zeros(12, 2)] * 3, torch.zeros(24)),
            r"returned a tensor of shape \[24\], expected \[12, 2\] as leading dimensions",
        ),
    ],
)
def test_a_batch_of_another_kind_or_of_other_rows_is_refused_by_name(method, answer, said, monkeypatch):
    monkeypatch.setattr(RecordingAlgorithm, method, lambda *_: answer)
    with pytest.raises(PluginError, match=said):
        recorded_run(**NO_TESTS)


@pytest.mark.parametrize(("method", "said"), [("transform", "expected an Experience"), ("learn", "expected a dict of metrics")])
def test_a_layer_that_forgets_its_answer_is_refused_by_name(method, said):
    layer = type("Forgetful", (PolicyWrapper,), {method: lambda self, experience: None})
    with pytest.raises(PluginError, match=f"^Forgetful.* returned NoneType, {said}"):
        recorded_run(configure=lambda builder: builder.with_policy_wrapper_factory(Wrapping(layer)), **NO_TESTS)
