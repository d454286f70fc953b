"""What pages take from the code and the measurements is what the tools make of them today."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("tool", ["readme_table", "import_map"])
def test_a_generated_part_of_a_page_is_what_its_tool_makes(tool):
    done = subprocess.run([sys.executable, "-m", f"tools.{tool}"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
