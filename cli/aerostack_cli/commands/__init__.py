"""The commands. Each prints its result and the next step."""
