"""The verbs of the log: append, seal, prove, verify, export, search."""
