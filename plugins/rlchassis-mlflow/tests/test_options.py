"""Options that cannot be meant are refused, without a look at MLflow."""

from __future__ import annotations

import pytest

from rlchassis.api import UsageError
from rlchassis_mlflow import LoggerFactoryMlflow


@pytest.mark.parametrize("option", ["tracking_uri", "experiment"])
def test_an_option_of_another_type_is_refused(option):
    with pytest.raises(UsageError, match=rf"^{option} must be a str( or None)?, not 3\.$"):
        LoggerFactoryMlflow(**{option: 3})
