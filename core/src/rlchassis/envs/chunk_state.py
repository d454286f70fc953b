"""The state of the environments of one process: in checkpoints, and in a process that takes the place of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from rlchassis.data.state_tree import State
from rlchassis.envs.env_loop import Chunk
from rlchassis.envs.env_state import Episode, env_state, restore_env_state
from rlchassis.envs.state_probe import exact_ways
from rlchassis.envs.step_arrays import StepArrays
from rlchassis.errors import EnvironmentFailure, raised


def chunk_ways(chunk: Chunk) -> list[str]:
    """Names of the ways to store the state of its environments that are exact."""
    return [] if chunk.construct is None else exact_ways(chunk.construct)


def chunk_state(chunk: Chunk, ways: list[str]) -> State:
    """The state of each environment, and how far it is; None for one whose state cannot be stored exactly."""
    progress, numbers = chunk.progress, range(len(chunk.envs))
    return {
        "envs": [env_state(env, episode, ways) for env, episode in zip(chunk.envs, chunk.episodes, strict=True)],
        "seeds": list(chunk.seeds),
        "steps": [int(progress.steps[index]) for index in numbers],
        "episode_starts": [int(progress.episode_starts[index]) for index in numbers],
        "occurred": [[] if chunk.infos is None else chunk.infos.occurrences.seen[:, index].tolist() for index in numbers],
    }


def restore_chunk(chunk: Chunk, state: Any, seeds: Sequence[int], rows: StepArrays) -> None:
    """Restore what chunk_state returned; environments without state begin new episodes, with these seeds."""
    chunk.seeds = list(state["seeds"])
    for index, each in enumerate(state["envs"]):
        chunk.progress.current[0] = index
        chunk.progress.steps[index], chunk.progress.episode_starts[index] = state["steps"][index], state["episode_starts"][index]
        if chunk.infos is not None:
            chunk.infos.occurrences.seen[:, index] = state["occurred"][index]
        if each is None:
            chunk.begin_episodes([index], [seeds[index]], rows)
            continue
        try:
            chunk.episodes[index] = restore_env_state(chunk.envs[index], each)
        except Exception as error:
            raise EnvironmentFailure(
                f"the state of environment {chunk.first_index + index} cannot be restored by {each['way']}: it {raised(error)}"
            ) from error


@frozen
class Begun:
    """An episode as it began, and how far its environment was."""

    index: int
    episode: Episode
    steps: int
    episode_start: int


def begun(chunk: Chunk, indices: Sequence[int]) -> list[Begun]:
    """The episodes that have just begun, or were just restored, in these environments."""
    progress = chunk.progress
    return [Begun(index, chunk.episodes[index], int(progress.steps[index]), int(progress.episode_starts[index])) for index in indices]


def replay_chunk(chunk: Chunk, seeds: Sequence[int | None], episodes: Sequence[Begun]) -> None:
    """Play episodes again in new environments, from how they began, with all their actions; `info` is read as it was."""
    chunk.seeds = list(seeds)
    for each in episodes:
        chunk.play_again(each.index, each.episode, each.steps, each.episode_start)
