from __future__ import annotations

import attrs
import torch
from attrs import frozen

from rlchassis.cli.field_docs import documented
from rlchassis.config import ExperimentConfig, Mode, SamplingConfig
from rlchassis.registry import Component

ADAM = Component("optimizer", "adam")


@frozen
class Inner:
    width: int = 3
    """How wide.

    More, which is not printed."""


@frozen
class Base:
    rate: float = 0.5
    """How fast."""


@frozen
class Recipe(Base):
    bare: None = None
    inner: Inner = attrs.field(factory=Inner)
    """Not printed, since its fields are."""
    activation: type = torch.nn.Tanh
    mode: Mode = Mode.POLICY
    part: Component = ADAM
    sizes: tuple[int, ...] = (4, 5)
    on: bool = True


def test_every_setting_is_listed_with_its_default_and_its_sentence():
    assert list(documented(Recipe(), "x.")) == [
        ("x.rate", "0.5", "How fast."),
        ("x.bare", "none", ""),
        ("x.inner.width", "3", "How wide."),
        ("x.activation", "Tanh", ""),
        ("x.mode", "policy", ""),
        ("x.part", "adam", ""),
        ("x.sizes", "[4, 5]", ""),
        ("x.on", "true", ""),
    ]


def test_all_settings_of_a_run_have_a_sentence():
    assert all(doc.endswith(".") for recipe in (ExperimentConfig(), SamplingConfig()) for _, _, doc in documented(recipe))
