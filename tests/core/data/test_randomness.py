from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from rlchassis.data.randomness import STREAMS, RandomStreams


def drawn(seed: int, stream: str, *branch: int) -> list[float]:
    return torch.rand(4, generator=RandomStreams(seed).generator(stream, *branch)).tolist()


def test_a_stream_is_decided_by_seed_name_and_branch():
    assert drawn(1, "learner") == drawn(1, "learner")
    different = [drawn(seed, stream, *branch) for seed in (1, 2) for stream in STREAMS for branch in ((), (0,), (1,))]
    assert len({tuple(numbers) for numbers in different}) == 2 * len(STREAMS) * 3


def test_seeds_of_environments_are_distinct_and_do_not_depend_on_how_many_there_are():
    streams = RandomStreams(7)
    assert streams.seeds("environments", 3) == streams.seeds("environments", 8)[:3]
    pools = [streams.seeds("environments", 50), *(streams.seeds("evaluation", 50, epoch) for epoch in (1, 2)), streams.seeds("watch", 50)]
    assert len({seed for pool in pools for seed in pool}) == 200


def test_initialisation_reads_the_tree_and_leaves_torchs_own_generator_as_it_was():
    def initialised(seed: int) -> torch.Tensor:
        with RandomStreams(seed).initialisation():
            return torch.nn.Linear(3, 3).weight

    before = torch.get_rng_state()
    assert torch.equal(initialised(1), initialised(1))
    assert not torch.equal(initialised(1), initialised(2))
    assert torch.equal(torch.get_rng_state(), before)


def test_runs_that_begin_at_once_in_two_threads_begin_as_they_would_alone():
    def initialised(seed: int) -> list[float]:
        with RandomStreams(seed).initialisation():
            first = torch.rand(1)
            time.sleep(0.05)
            return [first.item(), torch.rand(1).item()]

    before = torch.get_rng_state()
    alone = [initialised(1), initialised(2)]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(initialised, [1, 2])) == alone
    assert torch.equal(torch.get_rng_state(), before)


def test_no_stream_touches_a_global_generator():
    before, numpys = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002  the global one is what is asked about
    streams = RandomStreams(3)
    torch.rand(3, generator=streams.generator("exploration"))
    streams.seeds("watch", 3)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.random.get_state()[1].tolist() == numpys  # noqa: NPY002  as above
