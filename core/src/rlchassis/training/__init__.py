"""Training loop: trainers, tests, checkpoints, callbacks, and the World of a run."""
