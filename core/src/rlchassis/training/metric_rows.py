"""When rows of training metrics are logged, and what is in them besides the accumulated ones."""

from __future__ import annotations

from attrs import define, field

from rlchassis.reporting.metrics_accumulator import MetricsAccumulator, require_finite
from rlchassis.reporting.readings import learning_rates, replay_readings
from rlchassis.training.world import World

ROWS_PER_EPOCH = 20
"""Maximum number of rows of training metrics per epoch, besides those of tests."""


@define(eq=False)
class MetricRows:
    """Logs what an accumulator holds, a row at a time."""

    world: World
    metrics: MetricsAccumulator
    next_row: int = field(default=0, init=False)
    """Environment step from which a row is due."""

    def log_if_due(self) -> None:
        """Log a row if enough steps were done since the last."""
        if self.world.state.env_step >= self.next_row:
            self.log()

    def log(self, last: dict[str, float] | None = None) -> None:
        """Log a row; last: metrics at divergence. DivergenceError if a metric is not finite, unless training has diverged already."""
        world, step = self.world, self.world.state.env_step
        self.next_row = step + max(1, world.sampling.step_per_epoch // ROWS_PER_EPOCH)
        row = self.metrics.row() | {f"learn/{name}": value for name, value in (last or {}).items()}
        if row:
            learned = any(tag.startswith("learn/") for tag in row)
            rates = learning_rates(world.optimizers) if learned else {}
            world.logger.log({**row, **rates, **replay_readings(world.buffer)}, step)
        if last is None:
            require_finite(row)
