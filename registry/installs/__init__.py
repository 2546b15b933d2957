"""Installs: what clients copy, what is left to do then, how often it happens."""
