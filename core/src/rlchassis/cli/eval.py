"""`rlchassis eval`: evaluate a stored policy."""

from __future__ import annotations

import argparse

from rlchassis.cli.allowed import add_allow, allowed, asking_to_allow
from rlchassis.cli.messages import messages_on_stderr
from rlchassis.cli.output import say, say_json
from rlchassis.experiment import Evaluation, evaluate
from rlchassis.registry.wording import number_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `eval`."""
    add = parser.add_argument
    add("directory", metavar="DIR", help="a run directory")
    add("--episodes", type=int, metavar="N", help="number of episodes, on new seeds; default: repeat the best test on its recorded seeds")
    add_allow(parser)
    add("--json", action="store_true", help="print everything as JSON")
    add("--debug", action="store_true", help="show the traceback of an error")
    parser.set_defaults(carry_out=carry_out)


def carry_out(arguments: argparse.Namespace) -> int:
    """Evaluate and print the result."""
    with messages_on_stderr(), asking_to_allow():
        result = evaluate(arguments.directory, arguments.episodes, allow=allowed(arguments.allow))
    if arguments.json:
        say_json({"directory": arguments.directory, "episodes": len(result.returns), **result.as_data()}, indent=None)
    else:
        say(_sentence(result, repeated=arguments.episodes is None))
    return 0


def _sentence(result: Evaluation, *, repeated: bool) -> str:
    first, *others = result.seeds
    fresh = f"seeds {first} to {others[-1]}" if others else f"seed {first}"
    seeds = "the seeds of its best test" if repeated else fresh
    compared = {True: ", return for return as recorded", False: ", not as recorded", None: ""}[result.matches]
    infos = "".join(f", {key} {mean:.2f}" for key, mean in result.info_means.items())
    return f"return {result.mean:.2f} ± {result.std:.2f}{infos} over {number_of('episode', len(result.returns))} with {seeds}{compared}"
