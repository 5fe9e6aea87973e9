"""Kestrel Park, the made-up theme park: its catalogue, its consent history, and a year of its visitors."""

from pathlib import Path

FOLDER = Path(__file__).parent
CATALOGUE = FOLDER / "kestrel-park.yaml"
HISTORY = FOLDER / "history.csv"
MAPPING = FOLDER / "history.mapping.yaml"
