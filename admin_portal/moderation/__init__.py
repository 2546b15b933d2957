"""Staff's pages, and authors' pages about staff's decisions."""
