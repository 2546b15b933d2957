"""What the Hub's answers cost, measured side by side in one run (docs/performance.md).

Everything listens on 127.0.0.1, and every load has an end of its own.
"""
