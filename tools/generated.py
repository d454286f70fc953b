"""Parts of pages that are made from the code: found between two comments, compared, or written anew."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple


class Section(NamedTuple):
    """What stands on a page between `<!-- name: command -->` and `<!-- end of name -->`."""

    page: Path
    name: str
    command: str
    """What writes it anew."""

    @property
    def pattern(self) -> re.Pattern[str]:
        """Three groups: the first comment, what is between, the last comment."""
        begin, end = (re.escape(text) for text in (f"<!-- {self.name}: {self.command} -->\n", f"<!-- end of {self.name} -->"))
        return re.compile(f"({begin})(.*?)({end})", re.DOTALL)

    def read(self) -> str:
        """What the page has now."""
        found = self.pattern.search(self.page.read_text(encoding="utf-8"))
        if found is None:
            sys.exit(f"{self.page} has no section {self.name}: write <!-- {self.name}: {self.command} --> and <!-- end of {self.name} -->.")
        return found[2].removesuffix("\n")

    def write(self, text: str) -> None:
        """Put a text in its place."""
        self.read()
        page = self.page.read_text(encoding="utf-8")
        self.page.write_text(self.pattern.sub(lambda found: f"{found[1]}{text}\n{found[3]}", page), encoding="utf-8")


def main(section: Section, text: str, words: Sequence[str]) -> None:
    """Write the text into its section, or say what differs and exit with 1."""
    if list(words) == ["--write"]:
        section.write(text)
        return
    if words:
        sys.exit(f"got {' '.join(words)}, expected --write or nothing")
    difference = list(unified_diff(section.read().splitlines(), text.splitlines(), str(section.page), "generated", lineterm=""))
    if difference:
        sys.exit("\n".join([*difference, f"Run `{section.command}`."]))
