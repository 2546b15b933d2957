"""Reading what is published: one function, lists of them, the vocabulary."""
