"""The doors of the verifier: what opens files, speaks HTTP and knows the time. The proofs themselves stand above it.

Still Python and nothing else, so that `python verify.py` runs where nothing can be installed.
"""

PROGRAM = f"python -m {__package__.removesuffix('.doors')}"
"""What a person types to start us; the single file says `python verify.py`."""
