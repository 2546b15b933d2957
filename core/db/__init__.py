"""Prepared questions, replicas, and our two database backends."""
