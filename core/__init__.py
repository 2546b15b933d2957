"""What knows no noun of ours: caching, the database, HTTP."""
