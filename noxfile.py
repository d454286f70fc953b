"""Everything that is run on this checkout (`nox -l` lists it), each session in its own environment; by uv where it is installed."""

from __future__ import annotations

import sys
from pathlib import Path

import nox

sys.path.insert(0, str(Path(__file__).parent))

from tools import checkout
from tools.environments import build as build_all
from tools.environments import discard, editable, install, lowest_constraints, meta_wheel, wheels

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.error_on_missing_interpreters = True
nox.options.sessions = ["lint", "types", "layers", "tests"]

GROUPS = nox.project.dependency_groups
PYPROJECT = nox.project.load_toml("pyproject.toml")
OF_A_PLUGIN = "not learning and not compiled"
QUICK = f"{OF_A_PLUGIN} and not services"
SCRIPTS = ["noxfile.py", "tools", "bench"]
SOURCES = [str(folder / "src" / checkout.module_of(name)) for name, folder in checkout.DISTRIBUTIONS.items()]
PEERS = ["stable-baselines3", "sb3-contrib", "tianshou[eval]", "gymnasium[mujoco]", "imageio"]


@nox.session
def demo(session: nox.Session) -> None:
    """Train PPO on CartPole, and say where the policy, the scores and the learning curve are."""
    install(session, *editable(*checkout.with_siblings("rlchassis-ppo", "rlchassis-tensorboard", "rlchassis-plots")))
    session.run("rlchassis", "train", "ppo", "CartPole-v1", "--name", "demo", "--if-exists", "suffix", *session.posargs)
    curve = max(Path("log").rglob("learning_curve.png"), key=lambda file: file.stat().st_mtime)
    session.log(f"learning curve: {curve.resolve()}")


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests of core, plugins, contract and integration in one environment."""
    install(session, *editable(*checkout.DISTRIBUTIONS), *GROUPS(PYPROJECT, "test"))
    session.run("pytest", "-m", QUICK, *session.posargs)


@nox.session
def compiled(session: nox.Session) -> None:
    """Compare every algorithm's compiled update with its eager one; some ten minutes, most of them a compiler's."""
    install(session, *editable(*checkout.DISTRIBUTIONS), *GROUPS(PYPROJECT, "test"))
    session.run("pytest", "-m", "compiled", *session.posargs)


@nox.session
def learning(session: nox.Session) -> None:
    """Run the tests of plugins that train until something is learned; a minute or two."""
    install(session, *editable(*checkout.DISTRIBUTIONS), *GROUPS(PYPROJECT, "test"))
    session.run("pytest", "-m", "learning", *session.posargs, env={"OMP_NUM_THREADS": "1"})


@nox.session
def tests_core(session: nox.Session) -> None:
    """Run the tests of core with no plugin of a run installed."""
    distributions = checkout.with_siblings(checkout.TESTKIT)
    install(session, *editable(*distributions), *GROUPS(PYPROJECT, "test"))
    session.run("python", "tools/isolation.py", "editable", *distributions)
    session.run("pytest", "-m", QUICK, "tests/core", *session.posargs)


@nox.session(requires=["build"])
@nox.parametrize(
    ["plugin", "source", "bounds"],
    [nox.param(*cell, id=", ".join((checkout.short(cell[0]), *cell[1:])), tags=[checkout.short(cell[0])]) for cell in checkout.CELLS],
)
def tests_plugin(session: nox.Session, plugin: str, source: str, bounds: str) -> None:
    """Run one plugin's tests beside core and what it needs, and nothing else."""
    if not checkout.has_a_cell(plugin):
        session.error(f"No cell of {plugin} runs: its [tool.rlchassis.skip] table skips them all.")
    if reason := checkout.reason_to_skip(plugin, source, bounds):
        session.skip(reason)
    distributions = checkout.with_siblings(plugin, checkout.TESTKIT)
    packages = editable(*distributions) if source == "editable" else wheels(*distributions)
    constraints = lowest_constraints(session, distributions) if bounds == "lowest" else []
    install(session, *constraints, *packages, *GROUPS(PYPROJECT, "test"))
    session.run("python", "tools/isolation.py", source, *distributions)
    session.run("pytest", "-m", OF_A_PLUGIN, str(checkout.DISTRIBUTIONS[plugin] / "tests"), *session.posargs)
    discard(session)


@nox.session(requires=["build"])
def contract(session: nox.Session) -> None:
    """Run the contract tests on the wheels of everything, installed through the meta-distribution."""
    install(session, meta_wheel("all"), *wheels(*checkout.DISTRIBUTIONS), *GROUPS(PYPROJECT, "test"))
    session.run("pytest", "-m", QUICK, "tests/contract", *session.posargs)
    discard(session)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format and spelling."""
    install(session, *GROUPS(PYPROJECT, "lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("codespell")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    install(session, *editable(*checkout.DISTRIBUTIONS), *GROUPS(PYPROJECT, "types"))
    session.run("mypy", *SOURCES, "noxfile.py", "tools")


@nox.session
def layers(session: nox.Session) -> None:
    """Check what may import what."""
    install(session, *editable(*checkout.DISTRIBUTIONS), *GROUPS(PYPROJECT, "layers"))
    session.run("lint-imports")


@nox.session
def build(session: nox.Session) -> None:
    """Build the source archive and the wheel of every distribution into dist/."""
    install(session, "hatchling>=1.25")
    build_all(session)


@nox.session
def learn(session: nox.Session) -> None:
    """Run the learning certificates again: `nox -s learn -- ppo`."""
    install(session, *editable(*checkout.DISTRIBUTIONS))
    session.run("python", "-m", "tools.learn", *session.posargs)


@nox.session
def tasks(session: nox.Session) -> None:
    """Train what memory, structured actions, masks, hindsight, wrappers are for, with and without them: `nox -s tasks -- goals`."""
    install(session, *editable(*checkout.DISTRIBUTIONS))
    session.run("python", "-m", "tools.tasks", *session.posargs, env={"OMP_NUM_THREADS": "1"})


@nox.session
def faults(session: nox.Session) -> None:
    """Print the table of faults, how many of each family were tried and ended well: `nox -s faults -- --quick`, or `-- workers disks`."""
    install(session, *editable(*checkout.DISTRIBUTIONS), *GROUPS(PYPROJECT, "test"))
    session.run("python", "tests/faults", *session.posargs, env={"OMP_NUM_THREADS": "1"})


@nox.session
def spaces(session: nox.Session) -> None:
    """Run every algorithm in fifty random spaces that its manifest declares, every pair of kinds among them: `nox -s spaces -- -k dqn`."""
    install(session, *editable(*checkout.DISTRIBUTIONS), *GROUPS(PYPROJECT, "test"))
    files = [str(file) for folder in checkout.DISTRIBUTIONS.values() for file in folder.glob("tests/test_*_spaces.py")]
    session.run("pytest", *files, *session.posargs, env={"RLCHASSIS_TESTKIT_CASES": "50"})


@nox.session
def resume(session: nox.Session) -> None:
    """Compare runs that are stopped and resumed with runs that are not: `-- ppo`, `-- kill 20`, `-- trained-on`, `-- restored`."""
    install(session, *editable(*checkout.DISTRIBUTIONS), *GROUPS(PYPROJECT, "test"))
    session.run("python", "tests/resume", *session.posargs, env={"OMP_NUM_THREADS": "1"})


@nox.session
def bench(session: nox.Session) -> None:
    """Time training beside its peers: `nox -s bench -- ppo-cartpole`."""
    install(session, *editable(*checkout.DISTRIBUTIONS), *PEERS)
    session.run("python", "bench/compare.py", *session.posargs, env={"OMP_NUM_THREADS": "1"})
