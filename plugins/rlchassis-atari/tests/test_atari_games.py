"""Games of the Arcade Learning Environment itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rlchassis.api import EnvMode, UsageError
from rlchassis_atari import EnvFactoryAtari

ale_py = pytest.importorskip("ale_py")


def made(task="Pong", purpose=EnvMode.TRAIN, **options):
    return EnvFactoryAtari(task, **options).create_env(purpose)


def played(env, steps=40, seed=3):
    env.reset(seed=seed)
    return np.array([env.step(step % 3)[0].sum() for step in range(steps)])


def test_a_seed_brings_the_same_game_again_and_another_seed_another_one():
    env = made("Breakout", fire_on_reset=True)
    first = played(env)
    assert (first == played(env)).all()
    assert (first == played(made("Breakout", fire_on_reset=True))).all()
    assert (first != played(env, seed=4)).any()


def test_a_game_goes_on_exactly_from_its_stored_state():
    env, other = made(), made()
    played(env)
    played(other, seed=9)
    other.set_state(env.get_state())
    assert [env.step(2)[0].tolist() for _ in range(10)] == [other.step(2)[0].tolist() for _ in range(10)]


@pytest.mark.parametrize("name", ["Pong", "pong", "MsPacman", "ms_pacman"])
def test_games_have_the_names_of_ale_and_of_gymnasium(name):
    assert made(name).reset(seed=1)[0].shape == (4, 84, 84)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"task": "Pongg"}, """the Arcade Learning Environment has no game 'Pongg'. Did you mean "pong"?"""),
        ({"task": "Pong", "mode": 99}, "the game has no mode 99; it has 0, 1."),
        ({"task": "Pong", "difficulty": 9}, "the game has no difficulty 9; it has 0, 1, 2, 3."),
    ],
)
def test_what_a_game_does_not_have_is_refused(options, said):
    with pytest.raises(UsageError) as refusal:
        made(**options)
    assert str(refusal.value) == said


@pytest.mark.parametrize("kept", ["nothing", "another file"])
def test_a_game_without_its_rom_is_refused_in_a_sentence(kept, tmp_path, monkeypatch):
    monkeypatch.setenv("ALE_ROMS_DIR", str(tmp_path))
    if kept == "another file":
        Path(tmp_path, "pong.bin").write_bytes(b"no game")
    with pytest.raises(UsageError, match=r"^the ROM of pong cannot be used \(.*\); install it again: .* ale-py, or set"):
        EnvFactoryAtari("Pong").create_venv(1, EnvMode.TRAIN)


def test_a_run_of_a_game_resumes_exactly():
    venv = EnvFactoryAtari("Pong", screen_size=12).create_venv(1, EnvMode.TRAIN)
    assert venv.exact_ways()[:1] == ["own state"]


def test_a_watched_game_is_rendered_in_colour():
    env = made(purpose=EnvMode.WATCH, watch_render_mode="rgb_array")
    env.reset(seed=1)
    assert env.render().shape == (210, 160, 3)
