"""Entry point of `python -m rlchassis`."""

from __future__ import annotations

import sys

from rlchassis.cli import main

if __name__ == "__main__":
    sys.exit(main())
