"""The modules of tianshou.highlevel.params."""
