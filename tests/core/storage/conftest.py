from __future__ import annotations

import pytest

from rlchassis_testkit.held_locks import HOLD
from rlchassis_testkit.processes import python_process


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock of tmp_path until a line reaches it."""
    with python_process(HOLD, tmp_path) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()
