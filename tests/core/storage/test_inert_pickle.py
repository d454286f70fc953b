"""experiment.pkl holds plain data and one name; whatever holds more is not opened."""

from __future__ import annotations

import os
import pickle
import pickletools
from collections import OrderedDict
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rlchassis.errors import StoredFileError
from rlchassis.experiment.experiment import restore_experiment
from rlchassis.storage.inert_pickle import inert_pickle, read_inert_pickle

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=30,
)


def restored(data):
    return ("restored", data)


RESTORED = (restored.__module__, restored.__qualname__)


def read(folder, content):
    (folder / "experiment.pkl").write_bytes(content)
    return read_inert_pickle(folder / "experiment.pkl", RESTORED)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pickles")


@given(data=JSON)
def test_plain_data_comes_back_and_pickle_itself_calls_the_function(folder, data):
    content = inert_pickle(restored, data)
    assert read(folder, content) == data
    assert pickle.loads(content) == ("restored", data)


def test_repeated_data_is_written_repeatedly_so_that_no_file_grows_when_it_is_read():
    shared = ["a text"] * 3
    names = {opcode.name for opcode, _, _ in pickletools.genops(inert_pickle(restored, [shared, shared]))}
    assert not {name for name in names if "PUT" in name or "GET" in name or "MEMO" in name}


class Planted:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


class Nested(Planted):
    def __reduce__(self):
        return restored, ([Planted(self.path)],)


def foreign(path):
    """Pickles that rlchassis did not write, most of them with a command inside."""
    shell, call = f"touch {path}".encode(), b"c" + restored.__module__.encode() + b"\nrestored\n"
    inert = inert_pickle(restored, {"a": 1})
    bomb = b"\x80\x04]\x94" + b"]\x94(" + b"h\x00" * 50 + b"e"
    return {
        "a command": pickle.dumps(Planted(path)),
        "a command within": pickle.dumps(Nested(path)),
        "a command, protocol 0": pickle.dumps(Planted(path), 0),
        "a command before the data": b"cos\nsystem\n(V" + shell + b"\ntR0" + inert[2:],
        "inst": b"(V" + shell + b"\nios\nsystem\n.",
        "extension registry": b"\x80\x02\x82\x01.",
        "another global": inert_pickle(OrderedDict, []),
        "the name alone": b"\x80\x04" + call + b".",
        "the name twice": b"\x80\x04" + call + b"(" + call + b"tR.",
        "build": pickle.dumps(ValueError("x")),
        "bytes": pickle.dumps(b"x"),
        "data without a call": pickle.dumps({"a": 1}),
        "a memo": b"\x80\x04" + bomb + inert[2:],
        "a persistent id": b"Px\n.",
        "nothing": b"",
        "no pickle": b"\x00\x01",
        "too long a frame": b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f.",
    }


@pytest.mark.parametrize("name", foreign("x"))
def test_a_foreign_pickle_is_refused_and_nothing_in_it_is_run(name, tmp_path):
    with pytest.raises(StoredFileError, match=r"^[^\n]*\.$"):
        read(tmp_path, foreign(tmp_path / "planted")[name])
    assert not (tmp_path / "planted").exists()


def test_every_truncation_is_refused(tmp_path):
    content = inert_pickle(restored, {"a": [1, 2.0, "x", None, True], "b": {}})
    for size in range(len(content)):
        with pytest.raises(StoredFileError):
            read(tmp_path, content[:size])


def test_a_directory_in_the_place_of_the_file_is_refused(tmp_path):
    (tmp_path / "experiment.pkl").mkdir()
    with pytest.raises(StoredFileError, match="cannot be read"):
        read_inert_pickle(tmp_path / "experiment.pkl", RESTORED)


def test_a_file_beyond_any_recipe_is_not_opened(tmp_path):
    with (tmp_path / "experiment.pkl").open("wb") as file:
        file.truncate(17 * 2**20)
    with pytest.raises(StoredFileError, match="larger than"):
        read_inert_pickle(tmp_path / "experiment.pkl", RESTORED)


def test_deep_data_is_refused_or_given_back_but_never_kills_the_process(tmp_path):
    content = inert_pickle(restored, [])
    deep = content.replace(b"]", b"]" * 200_000 + b"a" * 199_999)
    with suppress(StoredFileError):
        read(tmp_path, deep)


@pytest.mark.parametrize("data", [float("nan"), [float("inf")], {1: 2}, {"a": {None: 1}}, (1,), [{"a": ()}]], ids=repr)
def test_data_that_json_cannot_hold_is_refused(data, tmp_path):
    with pytest.raises(StoredFileError, match="holds what no configuration holds"):
        read(tmp_path, inert_pickle(restored, data))


def test_the_pickle_of_another_function_is_not_this_ones(tmp_path):
    with pytest.raises(StoredFileError):
        read(tmp_path, inert_pickle(restore_experiment, {}))
