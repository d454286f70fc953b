"""`rlchassis plugins …`: listing, installing, recording and switching off plugins."""
