"""Values and components as people write them."""

from __future__ import annotations

import pytest

from rlchassis.errors import UsageError
from rlchassis.registry import Component, component_of, read_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3e-4", 3e-4),
        ("8", 8),
        ("true", True),
        ("[64, 64]", [64, 64]),
        ('"8"', "8"),
        ("linear", "linear"),
        ("none", None),
        ('"none"', "none"),
        ("a=b", "a=b"),
        ("", ""),
        ("1\nsteps = 5", "1\nsteps = 5"),
    ],
)
def test_a_value_is_read_as_toml_or_else_is_text(text, value):
    assert read_value(text) == value


@pytest.mark.parametrize(
    ("written", "name", "options"),
    [
        ("csv", "csv", {}),
        ("csv:flush_every=10", "csv", {"flush_every": 10}),
        ("acme.sgd@acme-rl:lr=1e-3", "acme.sgd@acme-rl", {"lr": 1e-3}),
        ("adam:betas=[0.9, 0.99],eps=1e-5", "adam", {"betas": (0.9, 0.99), "eps": 1e-5}),
        ("table:title=a:b, shown = plain text ,on=true", "table", {"title": "a:b", "shown": "plain text", "on": True}),
        ("table:title='a, b=c',by={ x = 1, y = 2 }", "table", {"title": "a, b=c", "by": {"x": 1, "y": 2}}),
        ({"name": "acme.repeat", "times": 2}, "acme.repeat", {"times": 2}),
    ],
)
def test_a_component_is_a_name_with_or_without_options(written, name, options):
    assert component_of("logger", written) == Component("logger", name, options)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("csv:", "expected option=value behind the colon of 'csv:', got \"\""),
        ("csv:fast", 'got "fast"; a text with a comma goes in quotes.'),
        ("csv:title=a,b", 'got "b"; a text with a comma goes in quotes.'),
        ("csv:a.b=1", 'got "a.b=1"'),
        ("csv:a=1,a=2", 'sets the option "a" twice'),
        ("csv=1", "expected a name or name:option=value for a logger"),
        (3, 'such as "name:size=3", got 3.'),
        ({"flush_every": 3}, "expected a name or name:option=value"),
    ],
)
def test_objects_that_are_no_component_are_refused_in_one_sentence(written, message):
    with pytest.raises(UsageError) as refused:
        component_of("logger", written)
    assert message in str(refused.value)
