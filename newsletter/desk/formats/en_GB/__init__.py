"""British English, with the clock of 24 hours that newsrooms keep."""
