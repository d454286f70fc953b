"""Options that cannot be meant are refused, without a look at W&B."""

from __future__ import annotations

import pytest

from rlchassis.api import UsageError
from rlchassis_wandb import LoggerFactoryWandb


@pytest.mark.parametrize(("options", "said"), [
    ({"mode": "of"}, "mode must be one of online, offline or None, not 'of'."),
    ({"tags": [1]}, r"tags must be a tuple of strings, not (1,)."),
    ({"project": 3}, "project must be a str, not 3."),
])  # fmt: skip
def test_an_option_that_cannot_be_meant_is_refused(options, said):
    with pytest.raises(UsageError) as refusal:
        LoggerFactoryWandb(**options)
    assert str(refusal.value) == said
