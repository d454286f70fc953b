"""Games by name, and their ROMs."""

from __future__ import annotations

from pathlib import Path

from rlchassis.api import UsageError, did_you_mean


def game_of(task: str) -> str:
    """ALE's name of a game: "Pong" and "pong" are pong, "MsPacman" is ms_pacman; UsageError for an unknown one."""
    from ale_py import roms

    games = {game.replace("_", ""): game for game in roms.get_all_rom_ids()}
    wanted = task.lower().replace("_", "")
    if wanted not in games:
        raise UsageError(f"the Arcade Learning Environment has no game {task!r}.{did_you_mean(wanted, games)}")
    return games[wanted]


def rom_of(game: str) -> Path:
    """Path of its ROM; UsageError where it is missing or another file."""
    from ale_py import roms

    try:
        path = roms.get_rom_path(game)
    except OSError as error:
        reason = " ".join(str(error).split())
        raise UsageError(
            f"the ROM of {game} cannot be used ({reason}); install it again: python -m pip install --force-reinstall ale-py, "
            "or set ALE_ROMS_DIR to the folder that has it."
        ) from error
    assert path is not None, "every game of the list has a path"
    return path
