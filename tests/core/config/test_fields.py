from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from attrs import frozen

from rlchassis.config.fields import decay_rates, instance, number, switch, whole
from rlchassis.errors import UsageError


@frozen(kw_only=True)
class Settings:
    rate: float = number(0.5, above=0, at_most=1)
    bound: float | None = number(None, above=1, or_none=True)
    free: float = number(0.0)
    passes: int = whole(3)
    envs: int = whole(-1, also=(-1,))
    quiet: bool = switch(False)
    names: dict[str, int] = instance(dict, factory=dict)
    origin: str | None = instance(str)
    title: str | None = instance(str, factory=str, or_none=True)
    error: OSError | None = instance(OSError)
    betas: tuple[float, float] = decay_rates((0.9, 0.999))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("rate", 0, "rate must be a number above 0 and of at most 1, not 0."),
        ("rate", True, "rate must be a number above 0 and of at most 1, not True."),
        ("rate", float("nan"), "rate must be a number above 0 and of at most 1, not nan."),
        ("rate", Fraction(1, 2), "rate must be a number above 0 and of at most 1, not Fraction(1, 2)."),
        ("rate", None, "rate must be a number above 0 and of at most 1, not None."),
        ("betas", (0.9, 1), "betas must be 2 numbers of at least 0 and below 1, such as (0.9, 0.999), not (0.9, 1)."),
        ("betas", [0.9], "betas must be 2 numbers of at least 0 and below 1, such as (0.9, 0.999), not (0.9,)."),
        ("betas", 0.9, "betas must be 2 numbers of at least 0 and below 1, such as (0.9, 0.999), not 0.9."),
        ("bound", 1, "bound must be a number above 1 or None, not 1."),
        ("free", float("inf"), "free must be a number, not inf."),
        ("passes", 0, "passes must be a whole number of at least 1, not 0."),
        ("passes", 1.0, "passes must be a whole number of at least 1, not 1.0."),
        ("envs", -2, "envs must be a whole number of at least 1 or -1, not -2."),
        ("quiet", 1, "quiet must be True or False, not 1."),
        ("names", None, "names must be a dict, not None."),
        ("origin", 3, "origin must be a str or None, not 3."),
        ("title", 3, "title must be a str or None, not 3."),
        ("error", 3, "error must be an OSError or None, not 3."),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_one_sentence(name, value, message):
    with pytest.raises(UsageError) as refusal:
        Settings(**{name: value})
    assert str(refusal.value) == message


def test_values_that_fit_a_field_are_kept_unchanged():
    settings = Settings(rate=1, bound=2.5, free=-3, passes=1, envs=4, quiet=True, names={"a": 1}, origin="here")
    assert (settings.rate, settings.bound, settings.free, settings.passes, settings.envs) == (1, 2.5, -3, 1, 4)
    assert (settings.quiet, settings.names, settings.origin) == (True, {"a": 1}, "here")


def test_a_whole_number_of_numpys_is_taken_as_pythons():
    settings = Settings(passes=np.int64(4), envs=np.uint8(2))
    assert (type(settings.passes), settings.passes, type(settings.envs), settings.envs) == (int, 4, int, 2)
    with pytest.raises(UsageError, match="at least 1"):
        Settings(passes=np.int64(0))


def test_none_is_taken_in_place_of_what_a_factory_would_make_only_where_that_is_allowed():
    assert (Settings().title, Settings(title=None).title) == ("", None)


def test_defaults_are_not_shared():
    assert Settings().names is not Settings().names
