from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys

import pytest

from rlchassis.cli import dispatch
from rlchassis.cli.messages import messages_on_stderr
from rlchassis.cli.output import complain, say, say_json
from rlchassis.cli.spelling import encodable

HOSTILE = "a\x1b[2J\x9b\u202eb\nrlchassis: all is well\r\u2028\udc80"
SHOWN = r"a\x1b[2J\x9b\u202eb\nrlchassis: all is well\r\u2028\udc80"


@pytest.fixture
def terminal(monkeypatch):
    """A function: call it with an encoding, and whatever is printed from then on is kept in that encoding."""

    def open_terminal(encoding):
        kept = io.BytesIO()
        for name in ("stdout", "stderr"):
            monkeypatch.setattr(sys, name, io.TextIOWrapper(kept, encoding, errors="strict", newline="\n", write_through=True))
        return kept

    return open_terminal


def test_characters_that_a_terminal_lacks_are_spelled_out():
    assert encodable("3 ± 1 → γ, Δ and a₂² … 名", "ascii") == "3 +/- 1 -> gamma, Delta and a22 ... ?"
    assert encodable("3 ± 1 → γ", "cp1252") == "3 ± 1 -> gamma"
    assert encodable("3 ± 1 → γ", "utf-8") == encodable("3 ± 1 → γ", None) == encodable("3 ± 1 → γ", "no-such-encoding") == "3 ± 1 → γ"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
def test_answers_complaints_and_messages_fit_the_terminal(terminal, encoding):
    kept = terminal(encoding)
    say("± γ")
    complain("± γ")
    with messages_on_stderr():
        logging.getLogger("rlchassis.test").warning("± γ")
    shown = kept.getvalue().decode(encoding).replace("+/-", "±").replace("gamma", "γ")
    assert shown == "± γ\n± γ\nwarning: ± γ\n"


def test_terminal_control_sequences_are_escaped_in_results_errors_and_messages(capsys):
    say(HOSTILE)
    complain(HOSTILE)
    with messages_on_stderr():
        logging.getLogger("rlchassis.test").info("%s", HOSTILE)
    assert capsys.readouterr() == (f"{SHOWN}\n", f"{SHOWN}\n{SHOWN}\n")


def test_an_error_keeps_to_its_line_whatever_it_quotes(rlchassis):
    done = rlchassis("inspect", HOSTILE)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert SHOWN in done.err


def test_json_is_ascii_and_has_null_for_what_is_no_finite_number(capsys):
    say_json({"name": HOSTILE, "scores": (1.5, float("nan"), [float("-inf")])})
    out = capsys.readouterr().out
    assert out.isascii()
    assert json.loads(out) == {"name": HOSTILE, "scores": [1.5, None, [None]]}


def test_without_streams_nothing_is_printed_and_nothing_fails(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    say("answer")
    complain("complaint")


def test_notes_and_the_traceback_that_was_asked_for_are_printed_escaped(rlchassis, monkeypatch):
    def fail(words):
        error = RuntimeError("boom\x1b[2J")
        error.add_note("raised in hook rlchassis_collect_end of extension acme\x1b[2J")
        raise error

    monkeypatch.setattr(dispatch, "_parser", fail)
    done = rlchassis("train")
    assert (done.code, done.out) == (1, "")
    assert done.err == "rlchassis: RuntimeError: boom\\x1b[2J\n  raised in hook rlchassis_collect_end of extension acme\\x1b[2J\n"
    debugged = rlchassis("train", "--debug").err
    assert "Traceback" in debugged
    assert "\x1b" not in debugged


@pytest.mark.parametrize(("closed", "words", "code"), [("stdout", ["--help"], 0), ("stderr", ["plugins", "info", "nothing"], 2)])
def test_a_reader_that_has_left_changes_no_exit_code(closed, words, code):
    reading, writing = os.pipe()
    os.close(reading)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, closed: writing}
    done = subprocess.run([sys.executable, "-m", "rlchassis", *words], **streams, text=True, check=False, timeout=60)
    os.close(writing)
    assert (done.returncode, done.stdout or "", done.stderr or "") == (code, "", "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")  # noqa: PTH110  a device
def test_an_answer_that_cannot_be_written_is_a_failure():
    with open("/dev/full", "w") as full:  # noqa: PTH123  a device
        done = subprocess.run(
            [sys.executable, "-m", "rlchassis", "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr
