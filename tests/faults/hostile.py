"""Run directories of strangers, by every door: tests/integration/hostile has the corpus, the doors and the watchman."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from trials import Place, Row, Trial

FAMILY = "hostile directories"
FOLDER = Path(__file__).parents[1] / "integration" / "hostile"
LONGEST = 1500
SHARE = 12
"""Of what is made by multiplication, one of so many in a quick table."""


def trials(*, quick: bool) -> Iterator[Trial]:
    """One, of hundreds of directories, each of which is a row."""
    yield Trial(FAMILY, "all of them", partial(corpus, SHARE if quick else 1), seconds=1800)


def corpus(share: int, place: Place) -> list[Row]:
    """What came of each directory; they are opened in processes with an audit hook."""
    sys.path.insert(0, str(FOLDER))
    import everything

    lines = everything.opened(place.folder, share)
    return [Row(f"{FAMILY}: {each['family']}", each["name"], "; ".join(everything.problems([each]))[:LONGEST]) for each in lines[:-1]]
