"""The commit of editable installs, asked once per working tree."""

from __future__ import annotations

import subprocess

import pytest

from rlchassis.storage import git_states as module
from rlchassis.storage.git_states import git_states


def git(folder, *words):
    named = ("-c", "user.name=x", "-c", "user.email=x@y", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", "-C", str(folder), *named, *words], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def tree(tmp_path):
    """A working tree with the committed folders one, one-more and "three [x]", and its commit."""
    root = tmp_path / "tree"
    for name in ("one", "one-more", "three [x]"):
        (root / name).mkdir(parents=True)
        (root / name / "a file.py").write_text("1", "utf-8")
    git(tmp_path, "init", "-q", str(root))
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "first")
    return root


def test_folders_of_one_tree_share_its_commit_and_differ_by_themselves(tree):
    commit = git(tree, "rev-parse", "HEAD")
    (tree / "one-more" / "a file.py").write_text("2", "utf-8")
    names = ("one", "one-more", "three [x]")
    assert git_states({name: tree / name for name in names}) == {name: {"commit": commit, "changed": name == "one-more"} for name in names}


@pytest.mark.parametrize("how", ["staged", "deleted", "renamed", "unknown file", "unknown folder"])
def test_whatever_differs_from_the_commit_is_a_change(tree, how):
    one = tree / "one"
    match how:
        case "staged":
            (one / "a file.py").write_text("2", "utf-8")
            git(tree, "add", ".")
        case "deleted":
            (one / "a file.py").unlink()
        case "renamed":
            git(tree, "mv", "one/a file.py", "one/b.py")
        case "unknown file":
            (one / "new\nline.py").write_text("2", "utf-8")
        case "unknown folder":
            one = tree / "all" / "new"
            one.mkdir(parents=True)
            (one / "a.py").write_text("2", "utf-8")
    answer = git_states({"one": one, "other": tree / "three [x]"})
    assert {name: state["changed"] for name, state in answer.items()} == {"one": True, "other": False}


def test_code_outside_a_working_tree_or_in_one_without_commit_has_no_git_state(tmp_path, tree):
    git(tmp_path, "init", "-q", str(tmp_path / "empty"))
    (tmp_path / "apart").mkdir()
    folders = {"empty": tmp_path / "empty", "apart": tmp_path / "apart", "nowhere": tmp_path / "nowhere", "one": tree / "one"}
    assert list(git_states(folders)) == ["one"]


def test_without_git_nothing_has_a_state(tree, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert git_states({"one": tree / "one"}) == {}


def test_git_is_asked_for_commit_and_status_of_a_working_tree_once(tree, monkeypatch):
    asked, run = [], subprocess.run
    monkeypatch.setattr(module.subprocess, "run", lambda *words, **options: asked.append(words) or run(*words, **options))
    git_states({"one": tree / "one", "one-more": tree / "one-more"})
    assert len(asked) == 2
