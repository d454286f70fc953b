"""What verbs do with a run that has ended: whatever becomes of that, the run stays as it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

NAMES = "[rlchassis.command]\nreport = fake_after_train\n[rlchassis.manifest]\nacme = fake_after_train_manifest:rlchassis.toml\n"
MANIFEST = 'schema = 1\napi = "2.0"\n[command.report]\nsummary = "x"\nafter_train = true\n'
VERB = "def add_arguments(parser): ...\ndef main(arguments): return 0\n"


@pytest.fixture
def report(install):
    """Installs a verb whose manifest says that it has something to do after train."""

    def installed(code: str) -> None:
        def write(folder: Path) -> None:
            for path, text in {
                "fake_after_train.py": code,
                "fake_after_train_manifest/__init__.py": "",
                "fake_after_train_manifest/rlchassis.toml": MANIFEST,
                "acme-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n",
                "acme-1.0.dist-info/entry_points.txt": NAMES,
            }.items():
                (folder / path).parent.mkdir(exist_ok=True)
                (folder / path).write_text(text, "utf-8")

        install(write)

    return installed


def warnings_in(done):
    return [line for line in done.err.splitlines() if line.startswith("warning: ")]


def test_after_train_gets_the_directory_of_the_run(train, report):
    report(f"{VERB}def after_train(directory): (directory / 'report.txt').write_text('seen')")
    assert train("--name", "mine").code == 0
    assert Path("log/mine/report.txt").read_text("utf-8") == "seen"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (f"{VERB}def after_train(directory): raise ValueError('too few')", "raised ValueError: too few; the run is unaffected."),
        (f"{VERB}def after_train(directory): raise SystemExit(3)", "called sys.exit(3); the run is unaffected."),
        (VERB, "raised AttributeError: module 'fake_after_train' has no attribute 'after_train'; the run is unaffected."),
    ],
    ids=["raises", "exits", "lacks it"],
)
def test_after_train_that_fails_is_one_warning_and_costs_no_run(train, report, code, said):
    report(code)
    done = train("--name", "mine")
    assert done.code == 0
    assert warnings_in(done) == [f'warning: after_train of command "report" of "acme" 1.0 {said}']
    assert "run directory: log/mine" in done.out
    assert json.loads(Path("log/mine/metrics.jsonl").read_text("utf-8").splitlines()[-1])["step"] == 64
    assert Path("log/mine/learning_curve.png").is_file()


def test_a_verb_that_cannot_be_loaded_after_train_is_one_warning_and_costs_no_run(train, report):
    report("import nowhere_at_all")
    done = train("--name", "mine")
    assert done.code == 0
    (warning,) = warnings_in(done)
    assert warning.startswith(
        'warning: command "report" of "acme" 1.0 cannot be loaded: its entry point "report = fake_after_train" raised '
    )
    assert Path("log/mine/learning_curve.png").is_file()
