"""Checkpoints as files: state trees, their large arrays in chunks, and the manifest that says whether all of them are intact."""
