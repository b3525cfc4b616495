"""Where providers post what became of messages: a file for each."""
