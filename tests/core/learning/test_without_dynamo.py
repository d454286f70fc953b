from __future__ import annotations

import inspect

import pytest
import torch

from rlchassis.learning.optimizer.without_dynamo import DECORATED, without_dynamo
from rlchassis_testkit.stored_runs import in_another_process

CODE = """
import sys, torch
from torch.optim import {name} as Kind
from rlchassis.api import without_dynamo
vector = torch.nn.Parameter(torch.ones(3))
made = without_dynamo(Kind)([vector], lr=0.1)
made.zero_grad()
made.load_state_dict(made.state_dict())
print("torch._dynamo" in sys.modules)
"""


def test_an_optimizer_is_made_stored_and_restored_without_importing_torchs_compiler(tmp_path):
    assert in_another_process(CODE.format(name="SGD"), cwd=tmp_path) == "False\n"


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.RMSprop])
def test_each_method_is_that_of_torch_below_its_decorators(kind):
    made = without_dynamo(kind)
    assert made is without_dynamo(kind)
    assert (made.__name__, made.step) == (kind.__name__, kind.step)
    for name in DECORATED:
        assert vars(made)[name].__code__.co_name == name
        assert inspect.unwrap(getattr(kind, name)) is vars(made)[name]
