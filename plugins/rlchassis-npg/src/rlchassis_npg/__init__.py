"""Natural policy gradient (Kakade 2001) for rlchassis."""

from __future__ import annotations

from rlchassis_npg.algorithm import NPG, NPGBatch
from rlchassis_npg.builder import NPGAgentFactory, NPGExperimentBuilder
from rlchassis_npg.params import NPGParams

__all__ = ["NPG", "NPGAgentFactory", "NPGBatch", "NPGExperimentBuilder", "NPGParams"]
