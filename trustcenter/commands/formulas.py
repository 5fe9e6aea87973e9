"""Cells that a spreadsheet would run as a formula, made plain in the files that we write, and back.

Such a cell gets an apostrophe in front, and so does one that begins with an apostrophe: nothing is lost, and taking
the apostrophe away gives the cell back (OWASP, CSV Injection).
"""

_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "'")


def guarded(cell: str) -> str:
    """The cell as it may stand in a file that somebody opens in a spreadsheet."""
    return f"'{cell}" if cell.startswith(_BEGINNINGS) else cell


def bare(cell: str) -> str:
    """The cell that was guarded."""
    return cell.removeprefix("'")
