"""The modules of tianshou.env.atari, which are among the examples of earlier versions."""
