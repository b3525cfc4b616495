"""Send: the ledger, the bytes of a message, and each way out."""
