"""What lies beside the recipe: metrics, provenance, lock, and files that a tool might pick up because they are there."""

from __future__ import annotations

import json
import os
import platform
import random
from typing import Any

HUGE = 1e308
Json = dict[str, Any]


def row(**metrics: Any) -> bytes:
    return json.dumps({"step": 1, **metrics}).encode() + b"\n"


def metrics() -> dict[str, bytes]:
    """Files named metrics.jsonl."""
    noise = random.Random(0).randbytes(5000)
    good = row(**{"test/return": 1.0, "train/return": 2.0})
    return {
        "nothing": b"",
        "one line without end": good[:-1],
        "noise": noise,
        "noise behind": good + noise + b"\n",
        "zero bytes": bytes(100_000),
        "blank lines": b"\n" * 1000,
        "UTF-16": good.decode().encode("utf-16"),
        "a line of 3 MiB": b'{"step": 1, "a": "' + b"x" * 3 * 2**20 + b'"}\n',
        "a line of 3 MiB of blanks": b" " * 3 * 2**20 + good,
        "a line of numbers": b"[" + b"1," * 400_000 + b"1]\n",
        "a line without step": b'{"test/return": 1.0}\n',
        "a step that is nothing": b'{"step": null}\n',
        "a step that is a text": b'{"step": "1"}\n',
        "a step that is true": b'{"step": true, "test/return": 1.0}\n',
        "a step of 1e308": row(step=HUGE, **{"test/return": 1.0}) + row(step=-HUGE, **{"test/return": 1.0}),
        "steps of 10^300": b"".join(row(step=10**300 + i, **{"test/return": 1.0}) for i in range(3)),
        "a step of 10^400": b'{"step": 1' + b"0" * 400 + b"}\n",
        "a step of 5 000 digits": b'{"step": ' + b"9" * 5000 + b"}\n",
        "returns of 1e308": b"".join(row(step=i, **{"test/return": HUGE * (-1) ** i, "test/return_std": HUGE}) for i in range(4)),
        "returns of 10^308 as whole numbers": row(**{"test/return": 10**308, "train/return": -(10**308)}) * 3,
        "a return of 1e999": b'{"step": 1, "test/return": 1e999}\n',
        "a return that is NaN": b'{"step": 1, "test/return": NaN}\n',
        "a return that is a list": row(**{"test/return": [1.0]}),
        "a return that is true": row(**{"test/return": True}),
        "a spread below 0": row(**{"test/return": 1.0, "test/return_std": -1.0}),
        "no return": row(),
        "steps that go back": row(step=5, **{"test/return": 1.0}) + row(step=1, **{"test/return": 1.0}),
        "lists 100 000 deep": b"[" * 100_000 + b"\n",
        "a list": b"[1]\n",
        "a number": b"1\n",
        "a key that a terminal obeys": row(**{"\x1b[2J": 1.0, "test/return": 1.0}),
        "a lone surrogate": b'{"step": 1, "\\ud800": 1.0, "test/return": 1.0}\n',
        "200 000 tags": b"".join(row(**{f"a{i}/{j}": 1.0 for j in range(100)}) for i in range(2000)),
        "a million rows": b'{"step":1}\n' * 1_000_000,
    }


def provenances(good: Json) -> dict[str, bytes]:
    """Files named provenance.json."""
    as_json = {
        "a list": [1],
        "a text": "x",
        "nothing": None,
        "plugins that are a text": {**good, "plugins": "rlchassis-ppo"},
        "plugins that are dicts of numbers": {**good, "plugins": [{"used": True, "kind": 1, "name": [], "distribution": {}}]},
        "plugins of nobody": {**good, "plugins": [{"used": True, "kind": "algorithm", "name": "ppo", "distribution": "\x1b[2J"}]},
        "plugins of the standard library": {**good, "plugins": [{"used": True, "kind": "algorithm", "name": "ppo", "distribution": "os"}]},
        "half a million plugins": {**good, "plugins": [{}] * 200_000},
        "arguments that a shell obeys": {**good, "argv": ["rlchassis", "$(touch planted)", "`id`", "\n", "\x1b[2J"]},
        "arguments that are dicts": {**good, "argv": [{"a": 1}, None]},
        "numbers of 1e308": {**good, "seed": HUGE, "threads": -HUGE},
        "a number of 4 000 digits": {**good, "seed": 10**4000},
        "a lone surrogate": {**good, "git": {"\ud800": "\udfff"}},
        "a text of 10 MiB": {**good, "device": "x" * 10 * 2**20},
        "git that is a list": {**good, "git": [[[]]]},
    }
    raw = {
        "lists 200 000 deep": b"[" * 200_000,
        "lists 400 deep": b'{"a": ' + b"[" * 400 + b"]" * 400 + b"}",
        "dicts 90 deep": b'{"a": ' * 90 + b"1" + b"}" * 90,
        "dicts 900 deep": b'{"a": ' * 900 + b"1" + b"}" * 900,
        "cut short": json.dumps(good).encode()[:50],
        "17 MiB": b" " * 17 * 2**20,
        "a number of 100 000 digits": b'{"seed": ' + b"9" * 100_000 + b"}",
        "a million empty dicts": b'{"a": [' + b"{}," * 1_000_000 + b"{}]}",
        "no UTF-8": b'{"a": "\xff"}',
    }
    return {**{name: json.dumps(each).encode() for name, each in as_json.items()}, **raw}


def locks() -> dict[str, bytes]:
    """Files named run.lock."""
    this = {"pid": os.getpid(), "host": platform.node(), "started": 1}
    changes: dict[str, Json] = {
        "of this process, long ago": {},
        "of process 0": {"pid": 0},
        "of a group of processes": {"pid": -1},
        "of process 2^40": {"pid": 2**40},
        "of a process by its name": {"pid": "init"},
        "of process 1": {"pid": 1},
        "of another host": {"host": "elsewhere"},
        "of a host that a terminal obeys": {"host": "\x1b[2J\nrlchassis: all is well"},
        "of a host of 1 MiB": {"host": "h" * 2**20},
        "of a beginning of 4 000 digits": {"started": 10**4000},
        "of a beginning that is a list": {"started": [1]},
        "with more": {"more": 1},
    }
    raw = {"empty": b"", "noise": random.Random(1).randbytes(100), "a list": b"[]", "deep": b"[" * 100_000, "a pickle": b"\x80\x04}."}
    return {**{name: json.dumps({**this, **each}).encode() for name, each in changes.items()}, **raw}
