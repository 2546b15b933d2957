"""The endpoints: fetch, call, answer. Rules live in registry/.

Importing this package declares them.
"""

from api.views import drafts, identity, published, retractions

__all__ = ["drafts", "identity", "published", "retractions"]
