"""What the pages say is done: their python is run, their commands are parsed, their files are installed."""

from __future__ import annotations

import ast
import os
import re
import runpy
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from rlchassis.cli.dispatch import _parser
from rlchassis.errors import UsageError
from rlchassis.experiment import Experiment
from rlchassis_testkit.torch_processes import TorchProcess

ROOT = Path(__file__).parents[2]
PAGES = {page.relative_to(ROOT).as_posix(): page for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]}
READMES = {page.parent.name: page for page in sorted((ROOT / "plugins").glob("*/README.md"))}
ALL = {**PAGES, **READMES}
NAMES_ONLY = ["docs/porting.md", "docs/other-libraries.md"]
"""Pages whose python trains nothing; it needs no process of its own."""
FEWER_STEPS = ("steps=30_000", "steps=3_000")
"""The README trains until something is learned, which is a test of its own."""
FENCE = re.compile(r"^(?:`(?P<file>[^`\n]+)`(?:, continued)?\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    language: str
    file: str | None
    line: int
    text: str


def blocks(page: Path) -> Iterator[Block]:
    content = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(content):
        yield Block(found["language"], found["file"], content.count("\n", 0, found.start("text")), found["text"])


def write_files(page: Path, folder: Path) -> None:
    """Those blocks that bear the name of a file; "continued" ones at its end."""
    for block in blocks(page):
        if block.file:
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            with (folder / block.file).open("a", encoding="utf-8") as file:
                file.write(block.text)


def install(project: Path) -> Path:
    """The path to import it from, as an editable install would leave it: its src folder, or else its own."""
    home = project / "src" if (project / "src").is_dir() else project
    about = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = home / f"{about['name'].replace('-', '_')}-{about['version']}.dist-info"
    info.mkdir()
    requires = "".join(f"Requires-Dist: {each}\n" for each in about["dependencies"])
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n{requires}")
    groups = (f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in names.items()) for group, names in about["entry-points"].items())
    (info / "entry_points.txt").write_text("".join(groups))
    return home


def script(page: Path) -> str:
    """Its python, on the lines that it has on the page, so that an error names them; what is tried there must be refused."""
    lines: list[str] = []
    for block in blocks(page):
        if block.language == "python" and not block.file:
            lines += [""] * (block.line - len(lines)) + block.text.splitlines()
    lines += [""]
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.Try) and not node.orelse:
            assert not lines[node.end_lineno], "a blank line follows what is tried"
            lines[node.end_lineno] = " " * node.col_offset + "else: raise AssertionError('nothing was refused')"
    return "\n".join(lines) + "\n"


RUN_FILE = "import runpy\nrunpy.run_path(sys.argv[1], run_name='__main__')"
RUN_PYTEST = "import pytest\nsys.exit(pytest.main(sys.argv[1:]))"
RUN_COMMAND = "from rlchassis.cli import main\nsys.exit(main(sys.argv[1:]))"


def run_python(code: str, *arguments: str, cwd: Path, path: Path | None = None) -> None:
    """In a process of its own, in which every warning is an error."""
    env = {"PYTHONPATH": os.pathsep.join(filter(None, [str(path or ""), os.environ.get("PYTHONPATH", "")]))}
    with TorchProcess.start(f"import sys, warnings\nwarnings.simplefilter('error')\n{code}", *arguments, cwd=cwd, env=env) as process:
        printed, errors = process.communicate(timeout=300)
    assert process.returncode == 0, printed + errors


@pytest.mark.parametrize("name", NAMES_ONLY)
def test_the_python_of_a_page_without_runs_is_right(name, tmp_path):
    (tmp_path / "page.md.py").write_text(script(PAGES[name]), encoding="utf-8")
    runpy.run_path(str(tmp_path / "page.md.py"))


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if script(page).strip() and name not in NAMES_ONLY])
def test_the_python_of_a_page_runs(name, tmp_path):
    write_files(PAGES[name], tmp_path)
    path = install(tmp_path) if (tmp_path / "pyproject.toml").exists() else None
    (tmp_path / "page.md.py").write_text(script(PAGES[name]).replace(*FEWER_STEPS), encoding="utf-8")
    run_python(RUN_FILE, "page.md.py", cwd=tmp_path, path=path)
    if (tmp_path / "tests").exists():
        run_python(RUN_PYTEST, "-q", "-W", "error", "-p", "no:cacheprovider", "tests", cwd=tmp_path, path=path)
    for command in commands_of(PAGES[name]):
        if command.split()[1] in own_verbs(PAGES[name]):
            run_python(RUN_COMMAND, *shlex.split(command)[1:], cwd=tmp_path, path=path)


@pytest.mark.learning
def test_the_readme_trains_to_the_score_that_it_says(tmp_path):
    (score,) = re.findall(r"best_score\)  # (\S+)", PAGES["README.md"].read_text(encoding="utf-8"))
    whole = f"{script(PAGES['README.md'])}assert result.trainer_result.best_score == {score}\n"
    assert FEWER_STEPS[0] in whole
    (tmp_path / "page.md.py").write_text(whole, encoding="utf-8")
    run_python(RUN_FILE, "page.md.py", cwd=tmp_path)


def test_the_plugin_of_the_readme_is_fifteen_lines_that_train(tmp_path):
    write_files(PAGES["README.md"], tmp_path)
    lines = [line for file in tmp_path.iterdir() for line in file.read_text(encoding="utf-8").splitlines() if line]
    assert len(lines) == 15
    settings = {"sampling": {"step_per_collect": 32, "batch_size": 16, "num_test_envs": 0}}
    use = f"""
import rlchassis
from acme_rmsprop import OptimizerFactoryRMSprop
options = dict(steps=64, recipe="none", optimizer="acme.rmsprop:alpha=0.95", settings={settings!r})
world = rlchassis.train("ppo", "CartPole-v1", name="rmsprop", **options).world
assert world.optimizers[0].torch_optimizer.defaults["alpha"] == 0.95
assert rlchassis.Experiment.from_directory("log/rmsprop").agent_factory.optim_factory == OptimizerFactoryRMSprop(0.95)
"""
    run_python(use, cwd=tmp_path, path=install(tmp_path))


@pytest.mark.parametrize("name", [name for name, page in READMES.items() if script(page).strip()])
def test_the_python_of_a_plugins_readme_makes_an_experiment(name, tmp_path):
    (tmp_path / "README.md.py").write_text(script(READMES[name]), encoding="utf-8")
    made = runpy.run_path(str(tmp_path / "README.md.py"))["experiment"]
    assert isinstance(getattr(made, "native", made), Experiment)


def commands_of(page: Path) -> list[str]:
    return [line for block in blocks(page) for line in block.text.splitlines() if line.startswith("rlchassis ")]


def own_verbs(page: Path) -> set[str]:
    """Those that a manifest on the page describes."""
    return set(re.findall(r'^\[command\."?([\w.-]+?)"?\]$', page.read_text(encoding="utf-8"), re.MULTILINE))


def commands() -> list[tuple[str, str]]:
    """Commands of all pages, but for verbs of their own, which are carried out where the page's python is."""
    found = [(name, command) for name, page in ALL.items() for command in commands_of(page)]
    return [(name, command) for name, command in found if command.split()[1] not in own_verbs(ALL[name])]


@pytest.mark.parametrize(("page", "command"), commands())
def test_a_command_of_a_page_is_one_that_is_understood(page, command):
    words = shlex.split(command, comments=True)[1:]
    try:
        _parser(words).parse_args(words)
    except UsageError as error:
        pytest.fail(f"{page}: {command}: {error}")
    except SystemExit:
        assert "--help" in words


def links() -> list[tuple[str, str]]:
    found = [(name, link) for name, page in ALL.items() for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))]
    return [(name, link) for name, link in found if "://" not in link]


@pytest.mark.parametrize(("page", "link"), links())
def test_a_link_of_a_page_leads_somewhere(page, link):
    file, _, heading = link.partition("#")
    target = (ALL[page].parent / file).resolve() if file else ALL[page]
    assert target.exists()
    if heading:
        headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        assert heading in [re.sub(r"[^\w\- ]", "", each).strip().lower().replace(" ", "-") for each in headings]
