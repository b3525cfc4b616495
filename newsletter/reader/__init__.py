"""What readers see on the web: issue pages, posts, and the door out."""
