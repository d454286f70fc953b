"""Independent random streams derived from one seed, without global random generators."""

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
    """Independent random streams, named by purpose, derived from one seed."""

    seed: int

    def sequence(self, stream: str, *branch: int) -> np.random.SeedSequence:
        """Seed sequence of a stream, or of a branch of it."""
        return np.random.SeedSequence(self.seed, spawn_key=(STREAMS.index(stream), *branch))

    def generator(self, stream: str, *branch: int, device: torch.device | str = "cpu") -> Generator:
        """New torch generator at the start of a stream."""
        return Generator(device).manual_seed(self.seeds(stream, 1, *branch)[0])

    def seeds(self, stream: str, count: int, *branch: int) -> list[int]:
        """`count` independent seeds from a stream, for environments and episodes."""
        children = (self.sequence(stream, *branch, i) for i in range(count))
        return [int(child.generate_state(1, np.uint32)[0]) for child in children]

    @contextmanager
    def initialisation(self) -> Iterator[None]:
        """Context that seeds torch's global generator, which weight initialization uses, and restores it afterwards.

        Uses one torch thread, since orthogonal initialization depends on the number of threads, and a lock, since all runs of a process
        share that generator.
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
    """Context that restores the global generators of Python, numpy and torch (CPU and the device) afterwards."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002  # the global one, which users' code may draw from
    try:
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002  # likewise
