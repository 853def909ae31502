"""Real faults, played against real processes, and judged from outside."""
