"""Files of checkpoints that were cut, flipped, replaced or swapped, without a new signature."""

from __future__ import annotations

import pickle
import random
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from checkpoint_layout import Evil, Spoil, a_chunk, newest, state_of
from checkpoint_links import instead, things

FILES: dict[str, Callable[[Path], Path]] = {"state": state_of, "manifest": lambda d: newest(d) / "manifest.json", "chunk": a_chunk}


def chunks(command: str, other: Path) -> Iterator[tuple[str, Spoil]]:
    """What becomes of the chunks of large arrays."""
    yield from files(command, other, "chunk")
    yield "two chunks that changed places", _swapped_chunks


def gone(directory: Path) -> None:
    """Leave no chunk."""
    shutil.rmtree(directory / "checkpoints/chunks")


def files(command: str, other: Path, *names: str) -> Iterator[tuple[str, Spoil]]:
    """Each of these files damaged, or something else in its place."""
    numbers = random.Random(0)
    for name in names:
        file = FILES[name]
        for share in (0.0, 0.1, 0.5, 0.9, 0.999):
            yield f"{name} cut to {share:.1%}", partial(_rewrite, file, lambda whole, s=share: whole[: int(len(whole) * s)])
        for share in [numbers.random() for _ in range(8)]:
            yield f"{name} with another bit at {share:.3%}", partial(_rewrite, file, partial(_flipped, share=share))
        yield f"{name} with more behind", partial(_rewrite, file, lambda whole: whole + b"\0")
        yield f"{name} that is a pickle", partial(_rewrite, file, lambda _: pickle.dumps(Evil(command)))
        yield f"{name} of noise", partial(_rewrite, file, lambda whole: random.Random(1).randbytes(len(whole)))
        yield f"{name} of 8 GiB of nothing", partial(_sparse, file)
        for kind, put in things(other).items():
            yield f"{name} that is {kind}", partial(instead, file, put)


def _rewrite(file: Callable[[Path], Path], edit: Callable[[bytes], bytes], directory: Path) -> None:
    path = file(directory)
    path.write_bytes(edit(path.read_bytes()))


def _flipped(whole: bytes, share: float) -> bytes:
    place = int(share * len(whole))
    return whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :]


def _sparse(file: Callable[[Path], Path], directory: Path) -> None:
    with file(directory).open("wb") as opened:
        opened.truncate(2**33)


def _swapped_chunks(directory: Path) -> None:
    mine, theirs = a_chunk(directory), directory / "checkpoints/chunks" / "beside"
    another = next(path for path in sorted(mine.parent.iterdir()) if path != mine and path.read_bytes() != mine.read_bytes())
    mine.rename(theirs)
    shutil.copy(another, mine)
    theirs.unlink()
