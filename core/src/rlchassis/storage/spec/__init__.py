"""The configuration of a run as plain data: encoded, decoded, bounded and changed by name."""
