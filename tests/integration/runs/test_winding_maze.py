"""The maze of the testkit: one way, one reward."""

from __future__ import annotations

from rlchassis_testkit.winding_maze import WindingMaze

RIGHT, LEFT, UP = 0, 1, 2
WAY = [RIGHT] * 3 + [UP] + [LEFT] * 3 + [UP] + [RIGHT] * 3


def walked(actions: list[int], limit: int = 50) -> list[tuple[int, float, bool, bool]]:
    env = WindingMaze(4, 3, limit)
    env.reset()
    return [env.step(action)[:4] for action in actions]


def test_the_way_leads_through_all_corridors_to_the_only_reward():
    steps = walked(WAY)
    assert [cell for cell, *_ in steps] == [1, 2, 3, 7, 6, 5, 4, 8, 9, 10, 11]
    assert [reward for _, reward, *_ in steps] == [0] * 10 + [1]
    assert [terminated for *_, terminated, _ in steps] == [False] * 10 + [True]


def test_there_are_walls_between_corridors_and_around_them():
    assert [cell for cell, *_ in walked([UP, LEFT, RIGHT, UP])] == [0, 0, 1, 1]
    assert [cell for cell, *_ in walked([*WAY[:8], UP, LEFT])][-2:] == [8, 8]


def test_an_episode_is_truncated_at_its_limit_but_not_where_it_is_won():
    assert [truncated for *_, truncated in walked([LEFT] * 3, limit=3)] == [False, False, True]
    assert walked(WAY, limit=len(WAY))[-1] == (11, 1.0, True, False)
