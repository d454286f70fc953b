"""What a run reports: loggers, metrics.jsonl, and metrics between two rows. When a row is due, trainers decide."""
