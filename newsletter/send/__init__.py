"""Send: freeze the audience, fill the holes, hand each message to a transport, keep the ledger."""
