"""Untrusted text -> safe HTML, in the confined worker."""
