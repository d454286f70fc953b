"""Lets several processes run in turns, a moment each, so that whatever else the machine does meets all of them alike."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SECONDS = 0.3
"""How long a turn is: long beside what a cache forgets meanwhile, short beside how a shared machine's speed changes."""


def answers_in_turns(scripts: dict[str, list[str]]) -> dict[str, dict[str, Any]]:
    """The line of JSON that each script prints; each is a process on one thread, and stands still while it is another's turn."""
    waiting, answers = {name: started(script) for name, script in scripts.items()}, {}
    try:
        while waiting:
            for name, process in list(waiting.items()):
                if finished_in_its_turn(process):
                    answers[name] = answer_of(waiting.pop(name))
    finally:
        for process in waiting.values():
            os.killpg(process.pid, signal.SIGKILL)
    return {name: answers[name] for name in scripts}


def started(script: list[str]) -> subprocess.Popen[str]:
    """A process, with whatever it starts in a group of its own, that has done as good as nothing yet."""
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TORCHINDUCTOR_COMPILE_THREADS": "1"}
    command = [sys.executable, str(HERE / script[0]), *script[1:]]
    process = subprocess.Popen(command, env=one_thread, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, process_group=0)
    os.killpg(process.pid, signal.SIGSTOP)
    return process


def finished_in_its_turn(process: subprocess.Popen[str]) -> bool:
    """Let it run for one turn."""
    os.killpg(process.pid, signal.SIGCONT)
    try:
        process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGSTOP)
        return False
    return True


def answer_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The last line of a process that has ended."""
    output = process.communicate()[0]
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    answer: dict[str, Any] = json.loads(output.splitlines()[-1])
    return answer
