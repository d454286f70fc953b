"""How large core may be: decision 0011 says why."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[2]
SILENT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def lines_of_code(text: str) -> int:
    """Without blank lines, comments and docstrings."""
    spoken = [token for token in tokenize.generate_tokens(io.StringIO(text).readline) if token.type not in SILENT]
    lines = {line for token in spoken for line in range(token.start[0], token.end[0] + 1)}
    return len(lines - docstring_lines(text))


def docstring_lines(text: str) -> set[int]:
    texts = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    return {line for node in texts if isinstance(node.value.value, str) for line in range(node.lineno, node.end_lineno + 1)}


def test_by_hand_lines_of_code_are_neither_blank_nor_comments_nor_docstrings():
    assert lines_of_code('"""Two\nlines."""\n\nx = 1  # set\n# nothing\ny = (\n    2\n)\n"""Says what y is."""\n') == 4


def test_core_without_its_command_line_keeps_to_the_size_that_was_decided():
    decision = (ROOT / "docs/decisions/0011-the-size-of-core.md").read_text(encoding="utf-8")
    (decided,) = re.findall(r"at most (\d+ \d{3}) lines", decision)
    files = [file for file in (ROOT / "core/src/rlchassis").rglob("*.py") if "cli" not in file.parts]
    assert sum(lines_of_code(file.read_text(encoding="utf-8")) for file in files) <= int(decided.replace(" ", ""))
