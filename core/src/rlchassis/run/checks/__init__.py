"""What an agent is asked before its first step, on copies and by the spaces alone."""
