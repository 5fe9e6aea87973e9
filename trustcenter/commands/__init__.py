"""The commands a person types, one module per group; `add` of each puts its own into the parser of cli.py."""
