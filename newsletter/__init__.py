"""A newsletter publishing pipeline: collect, compose, render, send, track."""
