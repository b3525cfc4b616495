"""What staff see: Django's admin, themed by Unfold, and our own pages in it."""
