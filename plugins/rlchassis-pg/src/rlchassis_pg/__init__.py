"""The policy gradient, REINFORCE (Williams 1992), for rlchassis."""

from __future__ import annotations

from rlchassis_pg.algorithm import PG, PGBatch
from rlchassis_pg.builder import PGAgentFactory, PGExperimentBuilder
from rlchassis_pg.params import PGParams

__all__ = ["PG", "PGAgentFactory", "PGBatch", "PGExperimentBuilder", "PGParams"]
