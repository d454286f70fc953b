"""Bodies of networks by name: CNNs for images, normalized MLPs for vectors, attention for sets of entities."""

from __future__ import annotations

from rlchassis_networks.batch_renorm import BatchRenorm, NetworkFactoryBatchRenormMLP
from rlchassis_networks.entities import EntityAttention, NetworkFactoryEntityAttention
from rlchassis_networks.images import ImpalaCNN, NatureCNN, NetworkFactoryImpalaCNN, NetworkFactoryNatureCNN
from rlchassis_networks.vectors import LayerNormMLP, NetworkFactoryLayerNormMLP, NetworkFactorySimBa, SimBa, VectorNetworkFactory

__all__ = [
    "BatchRenorm",
    "EntityAttention",
    "ImpalaCNN",
    "LayerNormMLP",
    "NatureCNN",
    "NetworkFactoryBatchRenormMLP",
    "NetworkFactoryEntityAttention",
    "NetworkFactoryImpalaCNN",
    "NetworkFactoryLayerNormMLP",
    "NetworkFactoryNatureCNN",
    "NetworkFactorySimBa",
    "SimBa",
    "VectorNetworkFactory",
]
