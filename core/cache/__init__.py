"""Public answers kept in memory, and how it is known that they are still right."""
