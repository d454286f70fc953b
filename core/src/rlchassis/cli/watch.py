"""`rlchassis watch`: the stored policy at play, on the screen or in a video."""

from __future__ import annotations

import argparse

from rlchassis.cli.allowed import add_allow, allowed, asking_to_allow
from rlchassis.cli.messages import messages_on_stderr
from rlchassis.cli.output import say
from rlchassis.experiment.watched import watch_stored


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be told to `watch`."""
    add = parser.add_argument
    add("directory", metavar="DIR", help="a run directory")
    add("--video", metavar="FILE.mp4", help="record into this file instead; needs moviepy")
    add("--episodes", type=int, metavar="N", help="play this many; default: as the recipe says, and one into a video")
    add_allow(parser)
    add("--debug", action="store_true", help="show where a failure arose")
    parser.set_defaults(carry_out=carry_out)


def carry_out(arguments: argparse.Namespace) -> int:
    """Play, and say what was earned and where the video is."""
    with messages_on_stderr(), asking_to_allow():
        watch_stored(arguments.directory, arguments.episodes, video=arguments.video, allow=allowed(arguments.allow))
    if arguments.video is not None:
        say(f"video: {arguments.video}")
    return 0
