"""A function's listing: README, tags, category, screenshots, usage examples."""
