"""One module per group of commands; each prints a result and the next step."""
