"""Limits on the size of stored runs and on what they request when opened; larger ones are rejected before they are decoded.

They are far beyond what real runs need, and do not apply to runs that are configured in code.
"""

from __future__ import annotations

MOST_CONFIGURATION_BYTES = 16 * 2**20
"""Size of experiment.json, experiment.pkl, provenance.json, run.lock, and of the record in policy.pt."""
MOST_CONFIGURATION_VALUES = 2**17
"""Numbers, strings, lists and dicts in one of these files, in total."""
MOST_RECORD_VALUES = 2**22
"""The same in the record of policy.pt, where a space may have bounds for every pixel."""
MOST_OPCODES = 2**19
"""Opcodes in the pickle of a configuration or policy."""
DEEPEST = 100
"""Nesting depth of lists and dicts."""
MOST_PARTS = 1000
"""Parts, components and user classes in one configuration."""
LONGEST_NAME = 200
"""Length of the name of a plugin or environment, in characters."""

MOST_POLICY_BYTES = 2**29
"""Size of the tensors in policy.pt: 134 million float32 weights."""
MOST_CHECKPOINT_BYTES = 2**32
"""Size of the state in a checkpoint, beside chunks of large arrays."""
MOST_TENSORS = 2**13
"""Tensors in policy.pt."""
MOST_SPACE_BYTES = 2**28
"""Size of the bounds of a stored space, summed over the parts of a Dict."""
MOST_SPACES = 1000
"""Spaces in a stored Dict."""

MOST_METRICS_BYTES = 64 * 2**20
"""Size of metrics.jsonl."""
MOST_LINE_BYTES = 2**20
"""Size of one line of metrics.jsonl."""
MOST_ROWS = 2**18
"""Lines in metrics.jsonl."""
MOST_TAGS = 10_000
"""Distinct tags in metrics.jsonl."""

MOST_EPISODES = 10_000
"""Evaluation episodes that a stored configuration may request."""
MOST_ENVS = 1024
"""Parallel environments that a stored configuration may request."""
MOST_THREADS = 64
"""Torch threads of a stored run, whatever its configuration requests."""
