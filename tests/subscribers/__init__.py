"""The audience: addresses, import, who may be written to, and leaving."""
