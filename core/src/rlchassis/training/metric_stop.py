"""Early stopping at a threshold of any metric of a test."""

from __future__ import annotations

from attrs import field, frozen

from rlchassis.config.fields import number, switch
from rlchassis.config.info_metrics import TAKEN, info_metrics_from
from rlchassis.errors import UsageError
from rlchassis.registry.wording import did_you_mean, listed
from rlchassis.training.callbacks import CallbackContext, EpochStopCallback
from rlchassis.training.testing import as_row


@frozen
class EpochStopCallbackMetric(EpochStopCallback):
    """Stop training once a metric of a test reaches a threshold."""

    metric: str = field(converter=str)
    """Tag of the metric, such as test/is_success."""
    threshold: float = number(None)
    """Value to reach."""
    at_most: bool = switch(False)
    """Whether it is reached from above, as for a cost."""

    def should_stop(self, mean_rewards: float, context: CallbackContext) -> bool:
        """Whether the threshold is reached."""
        state = context.world.state
        value = as_row(state.tests[-1], state.best)[self.metric]
        return value <= self.threshold if self.at_most else value >= self.threshold

    def begin(self, context: CallbackContext) -> None:
        """UsageError for a metric that the tests of this run do not have."""
        keys = [metric.key for metric in info_metrics_from(context.world.config.info_metrics)]
        tags = [f"test/{name}" for name in (*TAKEN, *keys)]
        if self.metric not in tags:
            hint = did_you_mean(self.metric, tags) or f" There are: {listed(tags)}."
            raise UsageError(f"no test of this run has the metric {self.metric!r}; a key of info is named in config.info_metrics.{hint}")
