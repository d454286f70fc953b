"""Training loop: trainers, collector, rollout buffer, evaluation, metrics, callbacks, loggers, and the World of a run."""
