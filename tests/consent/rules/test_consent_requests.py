"""Where a customer may be sent back to, and what is told there."""

from uuid import UUID

import pytest

from consent.rules.consent_requests import back, problem

SHOP = "https://shop.example.org"
ORIGINS = [SHOP, "http://127.0.0.1:9000"]
NUMBER = UUID(int=7)


@pytest.mark.parametrize("address", [SHOP, f"{SHOP}/", f"{SHOP}/basket?step=2#top", "http://127.0.0.1:9000/back"])
def test_an_address_on_an_origin_of_the_brand_is_good(address):
    assert problem(address, ORIGINS) == ""


@pytest.mark.parametrize(
    "address",
    [
        *("http://shop.example.org", "https://shop.example.org:8443/", "https://evil.example/", "//shop.example.org/"),
        *("https://shop.example.org@evil.example/", "https://shop.example.org.evil.example/", "/basket", ""),
        *("javascript:alert(1)", "https://[broken", r"https://shop.example.org\@evil.example/", "http://127.0.0.1/"),
    ],
)
def test_any_other_address_is_refused(address):
    assert problem(address, ORIGINS)
    assert "BRAND_ORIGINS" in problem(SHOP, [])


def test_the_answer_goes_back_as_a_code_and_what_stood_there_stays():
    told = f"consent=refused&request={NUMBER}"
    assert back(f"{SHOP}/basket?step=2&x=#top", "refuse", NUMBER) == f"{SHOP}/basket?step=2&x=&{told}#top"
    assert back(SHOP, "refuse", NUMBER) == f"{SHOP}?{told}"
