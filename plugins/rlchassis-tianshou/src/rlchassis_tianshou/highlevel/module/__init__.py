"""The modules of tianshou.highlevel.module."""
