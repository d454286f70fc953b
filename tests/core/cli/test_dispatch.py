from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib.metadata import version

import pytest

from rlchassis.errors import Interrupted

HEAVY = ("torch", "numpy", "gymnasium", "attrs", "attr", "cattrs", "pluggy", "tqdm", "matplotlib", "cloudpickle")


def python(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("words", [("plugins", "list"), ("plugins", "list", "--json"), ("--help",)])
def test_questions_about_plugins_import_nothing_heavy(words):
    code = "import sys; from rlchassis.cli import main; code = main(sys.argv[1:]); print(code, *sys.modules, file=sys.stderr)"
    message = python(code, *words).stderr.split()
    assert message[0] == "0"
    assert "rlchassis.cli.dispatch" in message
    assert not set(HEAVY) & set(message)


def test_the_package_itself_can_be_run():
    done = subprocess.run([sys.executable, "-m", "rlchassis", "plugins", "list", "--json"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)


def test_help_names_every_command_and_succeeds(rlchassis):
    done = rlchassis("--help")
    assert done.code == 0
    assert all(command in done.out for command in ("train", "eval", "watch", "plot", "inspect", "plugins", "doctor"))


def test_the_version_is_that_of_the_core(rlchassis):
    assert rlchassis("--version").out == f"{version('rlchassis-core')}\n"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ((), "COMMAND"),
        (("trian",), 'no command "trian". Did you mean "train"?'),
        (("plugins",), "list | info | install | upgrade"),
        (("plugins", "info"), "NAME"),
        (("plugins", "list", "--jsn"), "--jsn"),
        (("eval",), "DIR"),
        (("eval", "there", "--episodes", "many"), "'many'"),
        (("watch",), "DIR"),
        (("watch", "there", "--video"), "--video"),
        (("plot",), "DIR"),
        (("inspect",), "DIR"),
        (("inspect", "there", "elsewhere"), "elsewhere"),
        (("train", "ppo"), "ENV"),
        (("train", "ppo", "CartPole-v1", "--step", "5"), 'Did you mean "--steps"? See `rlchassis train --help`'),
        (("train", "ppo", "CartPole-v1", "--steps", "1.5"), "expected a whole number, such as 50000 or 5e4, got '1.5'"),
        (("train", "ppo", "CartPole-v1", "--if-exists", "maybe"), "'maybe'"),
    ],
)
def test_misuse_is_reported_in_one_line_and_exits_with_2(rlchassis, words, hint):
    done = rlchassis(*words)
    assert done.code == 2
    assert done.out == ""
    assert done.err.count("\n") == 1
    assert hint in done.err
    assert "--help" in done.err


@pytest.mark.parametrize("buffering", ["", "1"], ids=["buffered", "unbuffered"])
def test_a_reader_that_has_enough_is_no_failure(buffering):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "rlchassis", "plugins", "list"],
        stdout=writing,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": buffering},
        text=True,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_errors_repeat_typed_words_within_bounds(rlchassis):
    done = rlchassis("train", "ppo", "CartPole-v1", "--steps", "9" * 5000)
    assert done.code == 2
    assert done.err.startswith("rlchassis: argument --steps: expected a whole number, such as 50000 or 5e4, got '999")
    assert "9 … 9" in done.err
    assert done.err.endswith("; see `rlchassis train --help`.\n")
    assert len(done.err) < 2100


LEAVING = """
import atexit, signal, sys
from rlchassis.cli import main
atexit.register(signal.raise_signal, signal.SIGINT)
sys.exit(main())
"""


def test_ctrl_c_while_the_program_leaves_prints_nothing():
    done = python(LEAVING, "--version")
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


def test_ctrl_c_that_was_to_be_ignored_is_ignored_while_the_program_leaves():
    done = python("import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)" + LEAVING, "--version")
    assert (done.returncode, done.stderr) == (0, "")


def test_main_called_with_words_leaves_signals_as_they_are(rlchassis):
    assert rlchassis("--version").code == 0
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(("ended", "code"), [(KeyboardInterrupt(), 130), (Interrupted(15), 143), (ValueError(), 1)])
@pytest.mark.parametrize("cause", [False, True])
def test_an_error_on_the_way_out_keeps_the_exit_code_of_the_signal(rlchassis, monkeypatch, ended, code, cause):
    def failing(_):
        try:
            raise ended
        finally:
            try:
                raise OSError("it cannot be closed")
            except OSError as error:
                raise RuntimeError("it cannot be closed") from (ended if cause else error)

    monkeypatch.setattr("rlchassis.cli.doctor.carry_out", failing)
    done = rlchassis("doctor")
    assert (done.code, done.err) == (code, "rlchassis: RuntimeError: it cannot be closed\n")


def test_ctrl_c_while_a_failure_is_reported_prints_no_traceback():
    code = "from rlchassis.cli import dispatch\ndef interrupted(*_): raise KeyboardInterrupt\ndispatch._failed = interrupted\n"
    done = python(code + "raise SystemExit(dispatch.main())", "trian")
    assert (done.returncode, done.stderr) == (130, "")
