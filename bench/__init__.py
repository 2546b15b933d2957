"""What the Hub's answers cost, beside references of the same run (docs/performance.md).

Every server listens on 127.0.0.1, and every load ends by itself.
"""
