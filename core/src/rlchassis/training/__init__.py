"""Training loop: trainers, tests, metrics, callbacks, loggers, and the World of a run."""
