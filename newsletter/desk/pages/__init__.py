"""The desk's own pages: the outbox, an issue's preview and report, and what stands on the front page."""
