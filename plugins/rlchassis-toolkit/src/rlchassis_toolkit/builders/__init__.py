"""What the builders and agent factories of several algorithms share."""
