"""`rlchassis watch`: play a stored policy, on the screen or as a video."""

from __future__ import annotations

import argparse

from rlchassis.cli.allowed import add_allow, allowed, asking_to_allow
from rlchassis.cli.messages import messages_on_stderr
from rlchassis.cli.output import say
from rlchassis.cli.watched import watch_stored


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `watch`."""
    add = parser.add_argument
    add("directory", metavar="DIR", help="a run directory")
    add("--video", metavar="FILE.mp4", help="record a video into this file instead; requires moviepy")
    add("--episodes", type=int, metavar="N", help="number of episodes; default: config.watch_num_episodes, or 1 for a video")
    add_allow(parser)
    add("--debug", action="store_true", help="show the traceback of an error")
    parser.set_defaults(carry_out=carry_out)


def carry_out(arguments: argparse.Namespace) -> int:
    """Play the episodes; prints the path of the video."""
    with messages_on_stderr(), asking_to_allow():
        watch_stored(arguments.directory, arguments.episodes, video=arguments.video, allow=allowed(arguments.allow))
    if arguments.video is not None:
        say(f"video: {arguments.video}")
    return 0
