import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.proof.errors import ProofError
from audit.proof.paths import parse_tile_path, tile_path


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        ((0, 0, 256), "0/000"),
        ((0, 1234067, 256), "0/x001/x234/067"),
        ((1, 999, 256), "1/999"),
        ((1, 1000, 17), "1/x001/000.p/17"),
        ((63, 5, 255), "63/005.p/255"),
    ],
)
def test_addresses_of_the_specification(tile, path):
    assert tile_path(*tile) == path
    assert parse_tile_path(path) == tile


@given(st.integers(0, 63), st.integers(0, 2**63), st.integers(1, 256))
def test_every_tile_has_an_address_that_leads_back(level, index, width):
    assert parse_tile_path(tile_path(level, index, width)) == (level, index, width)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            "0",
            "0/",
            "0/0",
            "0/00",
            "0/0000",
            "00/000",
            "64/000",
            "-1/000",
            "0/x000/000",
            "0/x001",
            "0/001/002",
        ),
        *(
            "0/000.p/0",
            "0/000.p/256",
            "0/000.p/01",
            "0/000.p/",
            "0/000.p",
            "0/000 ",
            "0/000\n",
            "0/٠٠٠",
            "0/x/000",
        ),
        *("../000", "0/x001/x000", "0/000/", "/0/000", "0/" + "x001/" * 50 + "000"),
    ],
)
def test_it_refuses_any_other_spelling(path):
    with pytest.raises(ProofError) as refused:
        parse_tile_path(path)
    assert refused.value.code == "path-bad"
