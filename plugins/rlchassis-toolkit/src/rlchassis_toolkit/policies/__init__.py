"""Kinds of policies: stochastic, squashed Gaussian, deterministic and ε-greedy."""
