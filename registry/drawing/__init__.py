"""How a function looks on a page: the same on the Hub and in the preview of a draft."""
