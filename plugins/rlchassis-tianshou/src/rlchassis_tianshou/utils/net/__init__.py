"""The modules of tianshou.utils.net that actor and critic factories of scripts use."""
