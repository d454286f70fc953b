"""The loop: trainers, collector, rollout buffer, evaluation, metrics, callbacks and loggers, and the World of one run."""
