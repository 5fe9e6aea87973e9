"""The pages of the portal that every test of its looks goes through."""

PAGES = [
    "/",
    "/log",
    "/receipts",
    "/purposes/personal_offers",
    "/purposes/personal_offers/amount",
    "/purposes/park_safety",
    "/copy-or-erase",
    "/ai",
    "/ai/principles",
    "/concerns",
    "/concerns/new",
    "/check",
    "/welcome",
    "/nothing",
]
