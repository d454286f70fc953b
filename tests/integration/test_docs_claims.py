"""What the pages say in passing is so: names exist, tables list what is there, recipes take as many steps as is said."""

from __future__ import annotations

import argparse
import ast
import builtins
import inspect
import re
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pydoc import locate
from typing import Any, NamedTuple

import attrs
import gymnasium
import pytest
import torch

import rlchassis_toolkit
from rlchassis import api, errors, experiment
from rlchassis.cli.dispatch import _parser
from rlchassis.experiment import plan
from rlchassis.hookspecs import Hooks
from rlchassis.registry.kinds import KINDS

ROOT = Path(__file__).parents[2]
PAGES = {
    page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8")
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("plugins/*/README.md"))]
}
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"[^\W\d]\w*")
OF_READERS = {"Class", "Id", "Mine", "MyObserver", "make_env", "eps_trainng"}
"""Names that stand for a reader's own."""
OF_OTHERS = {"Box", "Discrete", "MultiBinary", "MultiDiscrete", "ReLU", "VectorEnv", "CartPole", *dir(torch.optim)}
"""Classes and ids of torch and gymnasium."""
INTERNAL = {
    "docs/architecture.md": {"ExperimentSpec", "TrainingState"},
    "docs/concepts.md": {"ReplayBuffer", "RolloutBuffer"},
    "docs/porting.md": {"Collector", "Batch"},
}
"""Classes that a page explains and nobody imports."""
BUILDERS = [getattr(experiment, name) for name in experiment.BUILDERS]
HOLDERS = {name: getattr(home, name) for home in (api, experiment, rlchassis_toolkit) for name in home.__all__} | {
    each.__name__: each for each in BUILDERS
}


def spans(page: str) -> list[str]:
    """What stands between backticks, but for labels of files, and names of others or of old that lead the tables of three pages."""
    text = re.sub(r"^`[^`\n]+`(?:, continued)?$", "", FENCED.sub("", PAGES[page]), flags=re.MULTILINE)
    if page in ("docs/porting.md", "docs/other-libraries.md", "docs/writing-a-plugin.md"):
        text = re.sub(r"^\| `[^|]*\|", "|", text, flags=re.MULTILINE)
    return re.findall(r"`([^`\n]+)`", text)


@pytest.fixture(scope="module")
def words() -> set[str]:
    """Every name in the code, the manifests and the sessions of this repository."""
    patterns = ("core/src/**/*.py", "plugins/*/src/**/*.py", "**/src/**/*.toml", "**/pyproject.toml", "noxfile.py", "tools/*.py")
    files = {file for pattern in patterns for file in ROOT.glob(pattern) if ".venv" not in file.parts}
    return {name for file in files for name in NAME.findall(file.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("page", PAGES)
def test_code_in_a_page_is_a_name_of_the_code_or_of_the_page(page, words):
    known = words | OF_READERS | set(NAME.findall("".join(FENCED.findall(PAGES[page]))))
    assert {name for span in spans(page) for name in NAME.findall(span)} <= known


@pytest.mark.parametrize("page", PAGES)
def test_methods_hooks_and_members_of_a_page_are_where_it_says(page):
    methods = {name for holder in (experiment.Experiment, *BUILDERS) for name in dir(holder)}
    for span in spans(page):
        assert {each for each in re.findall(r"\bwith_\w+(?!\w*…)", span) if not each.endswith("_")} <= methods, span
        assert set(re.findall(r"\brlchassis_[a-z_]+\b", span)) - packages() <= set(vars(Hooks)), span
        holder, *members = re.match(r"[\w.]*", span)[0].split(".")
        for member in members if holder in HOLDERS else ():
            assert hasattr(HOLDERS[holder], member) or member in fields(HOLDERS[holder]), span
        if holder == "rlchassis" and members and members[0] not in (*KINDS, "toml"):
            assert locate(".".join((holder, *members))) is not None, span


@pytest.fixture(scope="module")
def sources() -> list[Path]:
    return [file for pattern in ("core/src/**/*.py", "plugins/*/src/**/*.py") for file in ROOT.glob(pattern)]


@pytest.mark.parametrize("page", PAGES)
def test_a_class_that_a_page_names_can_be_imported_by_its_readers_or_is_in_a_file_that_it_names(page, sources):
    homes = [experiment, api, errors, *map(import_module, packages())]
    public = {name for home in homes for name in dir(home)} | {*experiment.BUILDERS, *dir(builtins)}
    own = set(NAME.findall("".join(FENCED.findall(PAGES[page]))))
    named = {name for span in spans(page) for name in re.findall(r"(?<![\w.-])[A-Z][a-z]\w*", span)}
    files = [file for span in spans(page) if span.endswith(".py") for file in sources if file.as_posix().endswith(f"/{span}")]
    in_files = {name for file in files for name in re.findall(r"^class (\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)}
    assert named - public - own - in_files - OF_READERS - OF_OTHERS - INTERNAL.get(page, set()) == set()


@pytest.mark.parametrize("page", PAGES)
def test_a_distribution_that_a_page_names_is_one_of_this_repository(page):
    known = {"rlchassis-core", *(each.name for each in (ROOT / "plugins").iterdir())}
    assert set(re.findall(r"(?<![\w.])rlchassis-[a-z][a-z0-9-]*", PAGES[page])) <= known


@pytest.mark.parametrize("owner", [api.Algorithm, api.Policy], ids=lambda owner: owner.__name__)
def test_a_table_of_methods_has_methods_that_there_are(owner):
    heading = {"Algorithm": "## The seam between chassis and algorithm", "Policy": "## Policies and their layers"}[owner.__name__]
    section = PAGES["docs/concepts.md"].partition(f"{heading}\n")[2].partition("\n#")[0]
    names = re.findall(r"^\| `(\w+)(?:\(.*?\))?` \|", section, re.MULTILINE)
    assert names
    assert [name for name in names if not hasattr(owner, name) and not hasattr(api.PolicyWrapper, name)] == []


def test_the_names_of_plugin_api_1_are_gone_and_those_that_replace_them_are_there():
    section = PAGES["docs/writing-a-plugin.md"].partition("\n## From plugin API 1.x to 2.0\n")[2]
    rows = re.findall(r"^\| `([\w.]+)` \| `([\w.]+)` \|$", section, re.MULTILINE)
    assert len(rows) > 5
    for old, new in rows:
        assert not is_there(old), old
        assert is_there(new), new


def is_there(name: str) -> bool:
    """In the class before its dot, as an attribute or an annotation, or in one of the modules that plugins import."""
    owner, _, member = name.rpartition(".")
    homes = [HOLDERS[owner]] if owner else [api, rlchassis_toolkit]
    return any(hasattr(home, member) or member in getattr(home, "__annotations__", ()) for home in homes)


def packages() -> set[str]:
    return {folder.name.replace("-", "_") for folder in (ROOT / "plugins").iterdir()}


def fields(holder: Any) -> set[str]:
    return {*getattr(holder, "__annotations__", ()), *([each.name for each in attrs.fields(holder)] if attrs.has(holder) else [])}


@pytest.mark.parametrize("page", PAGES)
def test_options_of_a_page_are_those_of_the_command_line(page):
    known = {option for verb in ("train", "resume", "eval", "watch", "plot", "inspect", "plugins", "doctor") for option in options(verb)}
    named = {
        option
        for span in spans(page)
        if not span.startswith(("pip", "uv", "nox", "python"))
        for option in re.findall(r"(?<!\w)--[a-z-]+", span)
    }
    assert named <= known | {"--strict", "--help"}


def options(verb: str) -> Iterator[str]:
    parser = _parser([verb])
    commands = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    yield from options_of(commands.choices[verb])


def options_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Those of its actions too, as `plugins install` is one."""
    for action in parser._actions:
        yield from action.option_strings
        for inner in action.choices.values() if isinstance(action, argparse._SubParsersAction) else ():
            yield from options_of(inner)


@pytest.mark.parametrize(
    ("page", "owner"),
    [("docs/concepts.md", api.Algorithm), ("docs/concepts.md", api.Policy), ("docs/off-policy-plugins.md", api.Algorithm)],
)
def test_methods_in_tables_take_what_the_page_says(page, owner):
    for name, arguments in re.findall(r"`(\w+)\((.*?)\)`", PAGES[page]):
        if name in vars(owner) and "=" not in arguments:
            assert list(inspect.signature(getattr(owner, name)).parameters)[1:] == arguments.split(", "), name


def test_the_fields_of_experience_are_those_of_the_page():
    sentence = re.search(r"\*\*Experience\*\* is .*?`next_obs` is always", PAGES["docs/concepts.md"], re.DOTALL)[0]
    assert re.findall(r"`([a-z_]+)`", sentence)[:-1] == [each.name for each in attrs.fields(api.Experience)]


def test_the_table_of_a_run_directory_has_the_files_that_a_run_leaves():
    section = PAGES["docs/concepts.md"].partition("## The run directory\n")[2].partition("\n## ")[0]
    left = ast.literal_eval(re.search(r"assert files >= (\{.*?\})", section)[1])
    assert set(re.findall(r"^\| `([\w.]+)` \|", section, re.MULTILINE)) == left | {"run.lock"}


def test_the_glossary_lists_the_kinds_of_plugins():
    (line,) = re.findall(r"^\| \*\*kind\*\* \| what a plugin is: (.*) \|$", PAGES["docs/glossary.md"], re.MULTILINE)
    assert tuple(line.split(", ")) == KINDS


def test_the_words_of_the_glossary_are_in_order_and_once():
    entries = re.findall(r"^\| \*\*(.+?)\*\* \|", PAGES["docs/glossary.md"], re.MULTILINE)
    assert entries == sorted(entries, key=lambda word: word.replace("λ", "lambda").lower())


def test_settings_files_on_the_pages_are_plans():
    (text,) = re.findall(r"^```toml\n(steps = .*?)^```$", PAGES["docs/command-line.md"], re.MULTILINE | re.DOTALL)
    stored = tomllib.loads(text)
    planned = plan("ppo", "CartPole-v1", settings=stored)
    assert planned.agent_factory.params.lr == stored["params"]["lr"]
    assert len(planned.agent_factory.policy_wrappers) == len(stored["wrappers"])


def test_the_readme_lists_every_distribution():
    listed = re.findall(r"^\| \[`([\w-]+)`\]\((.+?)\) \|", PAGES["README.md"], re.MULTILINE)
    assert {(name, f"plugins/{name}") for name in (each.name for each in (ROOT / "plugins").iterdir())} == set(listed) - {
        ("rlchassis-core", "core")
    }


def test_the_readme_installs_what_there_is():
    text, project = PAGES["README.md"], tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(re.findall(r"rlchassis\[([\w-]+)\]", text)) <= set(project["optional-dependencies"])
    assert f"python {project['requires-python'].removeprefix('>=')} or later" in text
    assert all((ROOT / folder).is_dir() for folder in re.findall(r"\./[\w/-]+", text))
    assert "torch==" in (ROOT / "constraints.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_the_sessions_of_a_page_are_those_of_nox(page):
    tree = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    sessions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list}
    assert set(re.findall(r"nox -s \"?(\w+)", PAGES[page])) <= sessions


@pytest.mark.parametrize("page", sorted(PAGES.keys() - {"docs/params.md"}))  # whose sentences are those of the fields
def test_a_page_speaks_in_the_terms_of_the_field(page):
    prose = re.sub(r"`[^`\n]+`", "", FENCED.sub("", PAGES[page]))
    assert re.findall(r"\b(?:told|tells?|judg\w+|suit(?:s|ed)|likelier)\b", prose) == []


def test_every_page_is_listed():
    pages = {name.removeprefix("docs/") for name in PAGES if name.startswith("docs/")} - {"README.md"}
    assert pages == set(re.findall(r"\]\(([\w-]+\.md)\)", PAGES["docs/README.md"]))


class Score(NamedTuple):
    """A row of what recipes reach."""

    plugin: str
    environment: str
    steps: int
    is_own: bool
    """Whether the steps are not the recipe's, which a dagger says."""
    scores: list[str]

    @property
    def folder(self) -> Path:
        return ROOT / "plugins" / f"rlchassis-{self.plugin}"


def scores() -> Iterator[Score]:
    row = re.compile(r"^\| ([A-Z][\w-]+) \| ([\d ]+?)( †)? \| (.+) \|$", re.MULTILINE)
    for page in (each for each in PAGES if each.startswith("plugins/")):
        for environment, steps, dagger, cells in row.findall(PAGES[page]):
            plugin = page.split("/")[1].removeprefix("rlchassis-")
            yield Score(plugin, environment, int(steps.replace(" ", "")), bool(dagger), re.findall(r"-?\d[\d.]*", cells))


@pytest.mark.parametrize("score", list(scores()), ids=lambda score: f"{score.plugin}-{score.environment}-{score.steps}")
def test_a_score_of_a_readme_is_of_the_recipe_and_as_it_was_measured(score):
    recipes = tomllib.loads((score.folder / f"src/rlchassis_{score.plugin.replace('-', '_')}/recipes.toml").read_text("utf-8"))
    assert score.environment in gymnasium.registry
    assert (recipes[score.environment]["steps"] == score.steps) is not score.is_own
    certificates = tomllib.loads((score.folder / "certificate.toml").read_text("utf-8"))["certificate"]
    for each in certificates:
        if (each["environment"], each["steps"]) == (score.environment, score.steps):
            assert [str(measured) for measured in each["measured"]["scores"][: len(score.scores)]] == score.scores
