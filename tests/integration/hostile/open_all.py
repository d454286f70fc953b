"""Run in a process of its own: writes every hostile run directory, opens each through every door, and prints what came of it as JSON.

Everything that an honest directory needs is imported before; whatever an audit hook then sees of imports, code, commands and writing came
from a file.
"""

from __future__ import annotations

import contextlib
import copyreg
import io
import json
import os
import pickle
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from pickles import pickles
from policies import archives, contents, records
from recipes import LATE, MEANINGS, ONLY_PLAYED, ONLY_READ, changed, texts

import rlchassis
from rlchassis.cli import main
from rlchassis.errors import StoredFileError
from rlchassis.experiment import Experiment, Mode, PPOExperimentBuilder
from rlchassis.registry import check, installed
from rlchassis_testkit.stored_runs import tiny_config, tiny_sampling

CODE = ("exec", "compile", "import", "ctypes.dlopen", "marshal.loads")
COMMANDS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "pty.spawn", "socket.connect")
CHANGES = (
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "os.utime",
    "shutil.rmtree",
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
REFUSED = f"{StoredFileError.__name__}: one sentence"

Doors = dict[str, Callable[[Path], Any]]


class Watchman:
    """Notes what an opened file makes the process do."""

    def __init__(self) -> None:
        self.awake = False
        self.seen: list[str] = []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.awake:
            return
        if event in (*CODE, *COMMANDS, *CHANGES) or (event == "open" and _writes(*arguments)):
            self.awake = False
            self.seen.append(f"{event} {arguments!r}"[:300])
            self.awake = True

    @contextlib.contextmanager
    def on_duty(self) -> Iterator[list[str]]:
        """Within it everything is noted."""
        self.seen, self.awake = [], True
        try:
            yield self.seen
        finally:
            self.awake = False


def _writes(path: Any, mode: Any, flags: Any) -> bool:
    return bool(set(mode or "") & set("wxa+")) or bool((flags or 0) & WRITING)


def command(*words: str) -> Callable[[Path], Any]:
    """The verb, typed."""

    def typed(directory: Path) -> str:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([words[0], str(directory), *words[1:]])
        if code == 2 and (out.getvalue(), err.getvalue().count("\n")) == ("", 1):
            raise StoredFileError(err.getvalue().strip())
        return f"exit code {code}, {err.getvalue()[-200:]}"

    return typed


def restored(directory: Path) -> Any:
    """The policy, into a run that does nothing with it."""
    config = {"train": False, "watch": True, "watch_num_episodes": 1, "policy_restore_directory": str(directory)}
    return Experiment.from_directory(directory.parent / Mode.POLICY.value).with_config(**config).run()


READING: Doors = {"from_directory": Experiment.from_directory}
LOADING: Doors = {"load_policy": rlchassis.load_policy}
PLAYING: Doors = {
    "evaluate": lambda directory: rlchassis.evaluate(directory, episodes=1),
    "rlchassis eval": command("eval", "--episodes", "1"),
    "rlchassis watch": command("watch", "--episodes", "1"),
}
EVERY = READING | LOADING | PLAYING
RESTORING: Doors = {"restore": restored}
INSPECT: Doors = {"rlchassis inspect": command("inspect")}
SHOWN: Doors = {"rlchassis inspect, which may show it": command("inspect")}


def open_through(door: Callable[[Path], Any], directory: Path) -> str:
    """What came of it: refused in one sentence, or what else."""
    try:
        result = door(directory)
    except BaseException as error:  # noqa: BLE001  that nothing else is raised is what is asked
        one = type(error) is StoredFileError and str(error).strip() and "\n" not in str(error)
        return REFUSED if one else f"{type(error).__name__}: {error}"[:300]
    return f"opened: {result!r}"[:300]


def honest(folder: Path, mode: Mode) -> Path:
    """A run directory as they should be, named like the mode."""
    builder = PPOExperimentBuilder("CartPole-v1", tiny_config(folder, policy_persistence_mode=mode), tiny_sampling())
    directory = builder.build().run(mode.value).world.directory
    assert directory is not None
    return directory


def corpus(folder: Path) -> Iterator[tuple[str, Path, Doors]]:
    """A name, a directory and the doors that must not open, one at a time."""
    whole, weights = folder / "policy", folder / "policy_state_dict"
    recipe, planted = json.loads((weights / "experiment.json").read_text("utf-8")), f"touch {folder / 'planted'}"
    policy = torch.load(whole / "policy.pt", weights_only=True)

    def beside(source: Path, file: str, content: bytes) -> Path:
        directory = folder / "opened"
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(source, directory)
        if file == "experiment.pkl":
            (directory / "experiment.json").unlink()
        (directory / file).write_bytes(content)
        return directory

    for name, content in pickles((weights / "experiment.pkl").read_bytes(), planted).items():
        yield f"pickle, {name}", beside(weights, "experiment.pkl", content), EVERY | INSPECT
    for name, content in texts(recipe).items():
        yield f"recipe, {name}", beside(weights, "experiment.json", content), EVERY | INSPECT
    families = ((MEANINGS, EVERY), (ONLY_READ, READING), (ONLY_PLAYED, PLAYING), (LATE, LOADING | PLAYING))
    for name, changes, doors in ((name, changes, doors) for family, doors in families for name, changes in family.items()):
        yield f"recipe, {name}", beside(weights, "experiment.json", changed(recipe, changes)), doors | SHOWN
    for name, content in (archives(policy, planted) | contents(policy)).items():
        yield f"policy, {name}", beside(whole, "policy.pt", content), LOADING | PLAYING | RESTORING | SHOWN
    for name, content in records(policy).items():
        yield f"policy, {name}", beside(whole, "policy.pt", content), LOADING | SHOWN


def naive(folder: Path) -> dict[str, list[str]]:
    """What the watchman sees where a planted pickle is simply loaded."""
    content = pickles(b"", f"touch {folder / 'planted'}")
    seen = {}
    for name in ("STACK_GLOBAL", "OBJ", "EXT2", "an import", "exec by protocol 0"):
        with WATCHMAN.on_duty() as events, contextlib.suppress(Exception):
            pickle.loads(content[f"{name}"])
        seen[name] = list(events)
    return seen


def prepare(folder: Path) -> None:
    """What an honest directory makes the process import, and what a trap needs to be one."""
    for plugin in installed():
        check(plugin)
    for module, code in (("os", 0xF1), ("posix", 0xF1F1), ("subprocess", 0x01F1F1F1)):
        copyreg.add_extension(module, "system", code)
    for module in ("encodings.cp437", "encodings.latin_1"):
        import_module(module)
    (folder / "planted_module.py").write_text(f"open({str(folder / 'planted')!r}, 'w').close()\n", "utf-8")
    sys.path.insert(0, str(folder))
    for directory in [honest(folder, mode) for mode in Mode]:
        for door in (EVERY | INSPECT | RESTORING).values():
            door(directory)
        damaged = folder / "damaged"
        shutil.copytree(directory, damaged, dirs_exist_ok=True)
        for file in ("experiment.json", "policy.pt"):
            (damaged / file).write_bytes(b"PK")
            for door in (EVERY | INSPECT).values():
                open_through(door, damaged)


def report(folder: Path) -> dict[str, dict[str, Any]]:
    """By artefact and door: what came of it and what was seen."""
    found: dict[str, dict[str, Any]] = {}
    for name, directory, doors in corpus(folder):
        for door, opened in doors.items():
            before = {path: path.read_bytes() for path in directory.iterdir() if path.is_file()}
            with WATCHMAN.on_duty() as events:
                outcome = open_through(opened, directory)
            changed_files = before != {path: path.read_bytes() for path in directory.iterdir() if path.is_file()}
            found.setdefault(name, {})[door] = {"outcome": outcome, "events": list(events), "changed": changed_files}
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    here = Path(sys.argv[1])
    WATCHMAN = Watchman()
    prepare(here)
    told: dict[str, Any] = {"report": report(here), "planted": (here / "planted").exists()}
    told["naive"] = naive(here)
    (here / "report.json").write_text(json.dumps(told, indent=1), "utf-8")
