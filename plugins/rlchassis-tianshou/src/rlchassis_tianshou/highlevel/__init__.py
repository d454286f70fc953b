"""The modules of tianshou.highlevel."""
