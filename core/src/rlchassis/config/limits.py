"""How much a stored run may hold, and how much it may ask for when it is opened: what is larger is refused before anything is made of it.

They are far beyond what honest runs need; a run of your own is not bounded by what it may ask for.
"""

from __future__ import annotations

MOST_CONFIGURATION_BYTES = 16 * 2**20
"""Of experiment.json, experiment.pkl, provenance.json, run.lock, and of the record in policy.pt."""
MOST_CONFIGURATION_VALUES = 2**17
"""Numbers, texts, lists and dicts together in one of these files."""
MOST_RECORD_VALUES = 2**22
"""Likewise in the record of policy.pt, where a space may have bounds for every pixel."""
MOST_OPCODES = 2**19
"""In the pickle of a configuration or policy."""
DEEPEST = 100
"""Lists and dicts in one another."""
MOST_PARTS = 1000
"""Parts, components and users' classes in one configuration."""
LONGEST_NAME = 200
"""Characters of the name of a plugin or an environment."""

MOST_POLICY_BYTES = 2**29
"""Of the tensors in policy.pt: 134 million weights in single precision."""
MOST_TENSORS = 2**13
"""Tensors in policy.pt."""
MOST_SPACE_BYTES = 2**28
"""Of the bounds of a stored space, the parts of a Dict together."""
MOST_SPACES = 1000
"""Spaces in a stored Dict."""

MOST_METRICS_BYTES = 64 * 2**20
"""Of metrics.jsonl."""
MOST_LINE_BYTES = 2**20
"""Of one of its lines."""
MOST_ROWS = 2**18
"""Its lines."""
MOST_TAGS = 10_000
"""Different tags in it."""

MOST_EPISODES = 10_000
"""Episodes that a stored run may ask to play."""
MOST_ENVS = 1024
"""Environments that a stored run may ask for side by side."""
MOST_THREADS = 64
"""Threads of torch that a stored run is given, whatever it asks for."""
