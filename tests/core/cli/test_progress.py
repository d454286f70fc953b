from __future__ import annotations

import io
import logging
from types import SimpleNamespace

import pytest

from rlchassis.cli.messages import messages_on_stderr
from rlchassis.cli.progress import ProgressBar, progress_on

WORLD = SimpleNamespace(sampling=SimpleNamespace(total_steps=200))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def stats(steps: int, *returns: float) -> SimpleNamespace:
    return SimpleNamespace(num_steps=steps, returns=list(returns))


def test_a_terminal_gets_a_bar_and_nothing_else_does():
    (bar,) = progress_on(Terminal())
    assert isinstance(bar, ProgressBar)
    assert progress_on(io.StringIO()) == progress_on(None) == []


def test_the_bar_is_drawn_in_what_the_terminal_has_characters_for():
    drawn = io.BytesIO()
    bar = ProgressBar(io.TextIOWrapper(drawn, "ascii", errors="strict", write_through=True))
    bar.rlchassis_train_start(WORLD)
    bar.rlchassis_collect_end(stats(50, 10.0))
    bar.rlchassis_teardown()
    assert b"0/200 steps" in drawn.getvalue()


def test_the_bar_shows_how_far_it_is_and_what_is_earned_now():
    bar = ProgressBar(Terminal())
    bar.rlchassis_train_start(WORLD)
    bar.rlchassis_test_end(SimpleNamespace(mean=7.0))
    bar.rlchassis_collect_end(stats(50, 10.0, 20.0))
    shown = str(bar._bar)
    bar.rlchassis_teardown()
    assert shown.startswith(" 25%")
    assert "50/200 steps" in shown
    assert "steps/s" in shown
    assert "left" in shown
    assert "return 15.0, tested 7.0" in shown


def test_a_bar_that_never_began_can_be_put_away():
    ProgressBar(Terminal()).rlchassis_teardown()


@pytest.mark.parametrize(("level", "line"), [(logging.INFO, "so it is\n"), (logging.WARNING, "warning: so it is\n")])
def test_messages_are_short_and_on_stderr(capsys, level, line):
    with messages_on_stderr():
        logging.getLogger("rlchassis.somewhere").log(level, "so it is", exc_info=ValueError("hidden"))
    assert capsys.readouterr() == ("", line)


def test_afterwards_nothing_is_left_of_it(capsys):
    logger = logging.getLogger("rlchassis")
    before = list(logger.handlers), logger.level
    with messages_on_stderr():
        pass
    assert (logger.handlers, logger.level) == before
