"""The modules of tianshou.evaluation."""
