"""Verbs of plugins: listed without being imported, named where they cannot work, and never in the way of other verbs."""

from __future__ import annotations

import re
import sys

import pytest

from rlchassis.cli.verbs import OWN
from rlchassis.registry import forget, installed
from rlchassis.registry.kinds import CORE_COMMANDS

GOOD = """
def add_arguments(parser):
    parser.add_argument("--times", type=int, default=1)

def main(arguments):
    print("reported", arguments.times)
    return 3
"""


@pytest.fixture
def verb(tmp_path, monkeypatch):
    """Installs a distribution with a verb, whose module is fake_<distribution>.verb; gives the name of that module."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(code: str | bytes | None = GOOD, name: str = "report", distribution: str = "acme", manifest: str = "") -> str:
        package, info = tmp_path / f"fake_{distribution}", tmp_path / f"{distribution}-1.0.dist-info"
        package.mkdir()
        info.mkdir()
        (package / "__init__.py").write_text("", "utf-8")
        if code is not None:
            (package / "verb.py").write_bytes(code if isinstance(code, bytes) else code.encode())
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n", "utf-8")
        groups = f"[rlchassis.command]\n{name} = {package.name}.verb\n"
        if manifest:
            (package / "rlchassis.toml").write_text(manifest, "utf-8")
            groups += f"[rlchassis.manifest]\n{distribution} = {package.name}:rlchassis.toml\n"
        (info / "entry_points.txt").write_text(groups, "utf-8")
        forget()
        return f"{package.name}.verb"

    yield install
    for name in [name for name in sys.modules if name.startswith("fake_")]:
        del sys.modules[name]
    monkeypatch.undo()
    forget()


def help_of(rlchassis, name):
    """What --help says of a verb, on one line whatever the width of the terminal."""
    (found,) = re.findall(rf"^    {name}\b(.*(?:\n     .*)*)", rlchassis("--help").out, re.MULTILINE)
    return " ".join(found.split())


MANIFEST = 'schema = 1\napi = "2.0"\n[command.report]\nsummary = "report 100 % of it"\n'


def test_a_verb_is_listed_with_its_summary_and_not_imported(rlchassis, verb):
    module = verb(manifest=MANIFEST)
    assert help_of(rlchassis, "report") == "report 100 % of it"
    assert not {module, module.partition(".")[0]} & set(sys.modules)


def test_a_verb_without_manifest_is_listed_with_its_distribution(rlchassis, verb):
    verb()
    assert help_of(rlchassis, "report") == 'a command of "acme" 1.0'


def test_the_return_value_of_main_is_the_exit_code(rlchassis, verb):
    verb()
    done = rlchassis("report", "--times", 2)
    assert (done.code, done.out, done.err) == (3, "reported 2\n", "")


def test_misuse_of_a_plugins_verb_exits_with_2(rlchassis, verb):
    verb()
    done = rlchassis("report", "--tims", 2)
    assert (done.code, done.out) == (2, "")
    assert done.err == ('rlchassis: unrecognized arguments: --tims 2. Did you mean "--times"? See `rlchassis report --help`.\n')


MISSING_MODULE = 'names the module "fake_acme.verb", which is not there; correct it in pyproject.toml and install the distribution again'
BROKEN = {
    "no module": (None, "there is no module fake_acme.verb", MISSING_MODULE),
    "no Python": ("def main(:\n", "fake_acme.verb is not valid Python: invalid syntax, line 1", "raised SyntaxError: invalid syntax in "),
    "missing library": (
        "import os.path, nowhere_at_all.sub\n" + GOOD,
        "fake_acme.verb imports nowhere_at_all, which is not installed",
        "raised ModuleNotFoundError: No module named 'nowhere_at_all' in ",
    ),
    "no main": ("def add_arguments(parser): ...", "fake_acme.verb lacks main", "fake_acme.verb lacks main; a verb is a module with "),
    "neither": ("x = 1", "fake_acme.verb lacks add_arguments, main", "fake_acme.verb lacks add_arguments, main; a verb is "),
}


@pytest.mark.parametrize(("code", "seen", "typed"), BROKEN.values(), ids=list(BROKEN))
def test_a_broken_verb_is_named_in_help_and_exits_with_2_distribution_and_cause(rlchassis, verb, code, seen, typed):
    module = verb(code)
    assert help_of(rlchassis, "report") == f'broken: {seen} ("acme" 1.0)'
    assert module not in sys.modules
    done = rlchassis("report")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith('rlchassis: command "report" of "acme" 1.0 ')
    assert typed in done.err
    assert "Other plugins are unaffected." in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    "code",
    [
        "try:\n    from fast import *\nexcept ImportError:\n    def main(arguments): return 0\nadd_arguments = print",
        "if True:\n    add_arguments = main = print",
        "add_arguments: object = print\n(main, other) = print, print",
        "for main in [print]:\n    import os as add_arguments",
        "def __getattr__(name): return print",
        b"# coding: latin-1\nname = '\xe9'\nadd_arguments = main = print",
        b"\xef\xbb\xbfadd_arguments = main = print",
    ],
    ids=["try", "if", "annotated", "for", "getattr", "latin-1", "byte order mark"],
)
def test_a_verb_that_may_work_is_never_called_broken(rlchassis, verb, code):
    verb(code)
    assert help_of(rlchassis, "report") == 'a command of "acme" 1.0'


@pytest.mark.parametrize("code", [b"\0", b"(" * 100_000, b"x = '\xff'", b"-" * 100_000 + b"1"], ids=["null", "brackets", "bytes", "deep"])
def test_help_survives_a_file_that_no_parser_reads(rlchassis, verb, code):
    verb(code)
    assert help_of(rlchassis, "report").startswith("broken: fake_acme.verb ")


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        ("raise ValueError('too\\nmany')", "raised ValueError: too many"),
        ("import sys; sys.exit(0)", "called sys.exit(0)"),
        ("parser.add_argument('--x', type=3)", "raised ValueError: 3 is not callable"),
    ],
)
def test_add_arguments_that_fails_exits_with_2_and_names_the_distribution(rlchassis, verb, ending, said):
    verb(f"def main(arguments): return 0\ndef add_arguments(parser):\n    {ending}\n")
    done = rlchassis("report")
    assert (done.code, done.out) == (2, "")
    assert done.err == f'rlchassis: add_arguments of command "report" of "acme" 1.0 {said}. Other plugins are unaffected.\n'


@pytest.mark.parametrize("answer", ["None", "True", "'0'", "1.0"])
def test_main_that_returns_no_int_exits_with_2(rlchassis, verb, answer):
    verb(f"def add_arguments(parser): ...\ndef main(arguments): return {answer}")
    done = rlchassis("report")
    assert done.code == 2
    assert done.err == (
        f'rlchassis: main of command "report" of "acme" 1.0 returned {answer}, expected an exit code; return 0 for success.\n'
    )


def test_main_that_calls_sys_exit_has_failed_whatever_the_code(rlchassis, verb):
    verb("import sys\ndef add_arguments(parser): ...\ndef main(arguments):\n    sys.exit(0)\n")
    done = rlchassis("report")
    assert done.code == 1
    assert done.err.startswith('rlchassis: RuntimeError: main of command "report" of "acme" 1.0 called sys.exit(0) (')
    assert done.err.endswith("verb.py, line 4)\n")


def test_a_verb_of_two_distributions_is_typed_with_the_one_that_is_meant(rlchassis, verb):
    verb(distribution="acme")
    verb(GOOD.replace("return 3", "return 4"), distribution="zeta")
    for distribution in ("acme", "zeta"):
        assert help_of(rlchassis, f"report@{distribution}") == f'a command of "{distribution}" 1.0'
    assert [rlchassis(f"report@{name}").code for name in ("acme", "zeta")] == [3, 4]
    done = rlchassis("report")
    assert done.code == 2
    assert done.err == (
        'rlchassis: command "report" is claimed by several distributions: "acme" 1.0, "zeta" 1.0. '
        'Say which is meant, one of "report@acme", "report@zeta".\n'
    )


@pytest.mark.parametrize("name", CORE_COMMANDS)
def test_a_verb_with_the_name_of_one_of_cores_changes_nothing_and_is_invalid_in_the_list(rlchassis, verb, name):
    before = rlchassis("--help").out
    verb(name=name)
    assert rlchassis("--help").out == before
    assert rlchassis(name, "--help").out.startswith(f"usage: rlchassis {name} ")
    (row,) = (row for row in installed("command") if row.distribution == "acme")
    assert (row.state, row.problem) == ("invalid", "rlchassis has a command of this name itself, which is the one that runs")
    assert row.problem in rlchassis("plugins", "list").out
    assert "fake_acme" not in sys.modules


def test_core_names_its_commands_once():
    assert tuple(OWN) == CORE_COMMANDS


def test_a_verb_for_plugin_api_1_is_refused_before_import_with_the_line_to_type(rlchassis, verb):
    verb(manifest='schema = 1\napi = "1.3"\n[command.report]\nsummary = "x"\n')
    problem = "it was made for plugin API 1.3, this core offers 2.0; try: python -m pip install --upgrade acme"
    assert help_of(rlchassis, "report") == f'broken: {problem} ("acme" 1.0)'
    done = rlchassis("report")
    assert (done.code, done.err) == (2, f'rlchassis: command "report" of "acme" 1.0 cannot be used: {problem}\n')
    assert "fake_acme" not in sys.modules


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        ('[command.report]\nsummary = "x"\nafter_train = "yes"', "after_train in [command.report] must be true or false, not 'yes'"),
        (
            '[logger.report]\nsummary = "x"\nafter_train = true',
            '[logger.report] has an unknown key "after_train". It may say summary, needs.',
        ),
    ],
)
def test_a_manifest_with_a_wrong_after_train_is_reported(rlchassis, verb, manifest, problem):
    verb(manifest=f'schema = 1\napi = "2.0"\n{manifest}')
    assert help_of(rlchassis, "report") == f'broken: its manifest is not valid: {problem} ("acme" 1.0)'
    done = rlchassis("report")
    assert done.code == 2
    assert problem.rstrip(".") in done.err


@pytest.mark.parametrize("words", [("comet",), ("train", "comet", "CartPole-v1"), ("plugins", "info", "comet")])
def test_a_verb_that_nobody_provides_is_reported_without_an_install_hint(rlchassis, words):
    done = rlchassis(*words)
    assert done.code == 2
    assert '"comet"' in done.err
    assert "pip" not in done.err
