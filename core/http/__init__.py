"""What a public answer is, and limits of requests."""
