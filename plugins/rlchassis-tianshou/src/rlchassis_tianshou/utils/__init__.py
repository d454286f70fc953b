"""The modules of tianshou.utils that scripts import."""
