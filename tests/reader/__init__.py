"""What readers see on the web."""
