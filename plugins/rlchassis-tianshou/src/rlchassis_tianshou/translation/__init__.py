"""What the modules with Tianshou's names share: notes on what has no counterpart, values that depend on spaces, networks, hooks."""
