"""Collecting experience: stepping environments with a policy, episodes, the rollout buffer, and evaluation. Nothing here learns."""
