"""The pages of the portal that every test of its looks goes through."""

PAGES = [
    "/",
    "/log",
    "/receipts",
    "/purposes/personal_offers",
    "/purposes/park_safety",
    "/check",
    "/welcome",
    "/nothing",
]
