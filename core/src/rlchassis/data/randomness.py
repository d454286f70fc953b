"""One tree of random streams for a run. Nothing here touches a global random generator."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

import numpy as np
import torch
from attrs import frozen
from torch import Generator

STREAMS = ("initialisation", "learner", "sampler", "exploration", "evaluation", "environments", "watch", "warm_up")
_INITIALISING = RLock()


@frozen
class RandomStreams:
    """Independent streams, each named by what it is for, all grown from one seed."""

    seed: int

    def sequence(self, stream: str, *branch: int) -> np.random.SeedSequence:
        """The seed sequence of a stream, or of one branch of it."""
        return np.random.SeedSequence(self.seed, spawn_key=(STREAMS.index(stream), *branch))

    def generator(self, stream: str, *branch: int, device: torch.device | str = "cpu") -> Generator:
        """A fresh torch generator at the beginning of a stream."""
        return Generator(device).manual_seed(self.seeds(stream, 1, *branch)[0])

    def seeds(self, stream: str, count: int, *branch: int) -> list[int]:
        """As many independent seeds from a stream, for environments and episodes."""
        children = (self.sequence(stream, *branch, i) for i in range(count))
        return [int(child.generate_state(1, np.uint32)[0]) for child in children]

    @contextmanager
    def initialisation(self) -> Iterator[None]:
        """Within it torch's own generator, which weight initialisation reads, is this tree's; afterwards it is as before.

        One thread, since orthogonal weights depend on how many share in making them; and one run at a time, since all share
        that generator.
        """
        with _INITIALISING:
            threads = torch.get_num_threads()
            torch.set_num_threads(1)
            try:
                with torch.random.fork_rng(devices=[]):
                    torch.manual_seed(self.seeds("initialisation", 1)[0])
                    yield
            finally:
                torch.set_num_threads(threads)


@contextmanager
def undisturbed(device: torch.device) -> Iterator[None]:
    """Afterwards the global generators of Python, numpy and torch, also those of the device, stand where they stood."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002  # the global one, which users' code may draw from
    try:
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002  # likewise
