from __future__ import annotations

import pytest

from rlchassis_plots.texts import balanced, legible, shortened, steps_text, wrapped


def of_width(width):
    return lambda text: len(text) <= width


@pytest.mark.parametrize(
    ("text", "shown"), [("a b", "a b"), ("a\nb\x1b[1m", r"a\nb\x1b[1m"), ("\ud800\u202e", r"\ud800\u202e"), ("$x$", "$x$")]
)
def test_unprintable_characters_are_shown_escaped(text, shown):
    assert legible(text) == shown


def test_characters_without_a_glyph_are_shown_escaped():
    assert legible("aé你", {ord("a"), ord("é")}) == r"aé\u4f60"


@pytest.mark.parametrize(("text", "short"), [("abcdef", "abcdef"), ("abcdefg", "abc…fg"), ("abcdefgh", "abc…gh")])
def test_a_long_text_loses_its_middle(text, short):
    assert shortened(text, 6) == short


@pytest.mark.parametrize(
    ("text", "lines"),
    [("lr=1, gamma=2", "lr=1,\ngamma=2"), ("abcdefghijkl", "abcdefgh\nijkl"), ("a-bcdefghijk", "a-bcdefg\nhijk"), ("abc", "abc"), ("", "")],
)
def test_a_line_is_broken_after_a_space_or_punctuation_unless_that_wastes_half_of_it(text, lines):
    assert wrapped(text, of_width(8)) == lines


def test_a_character_wider_than_the_line_has_a_line_of_its_own():
    assert wrapped("ab", of_width(0)) == "a\nb"


def test_a_text_of_several_lines_is_no_wider_than_its_number_of_lines_needs():
    assert balanced(20, lambda width: wrapped("one two three four six", of_width(width))) == "one two three\nfour six"


@pytest.mark.parametrize(("steps", "text"), [(0, "0"), (500, "500"), (2500, "2.5k"), (1e6, "1M"), (1.25e6, "1.25M"), (2e9, "2000M")])
def test_steps_are_counted_in_thousands_and_millions(steps, text):
    assert steps_text(steps) == text
