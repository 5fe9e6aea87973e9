import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.proof import ed25519

# RFC 8032, section 7.1, tests 1 to 3: public key, message, signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19


@pytest.fixture(params=["native", "python"])
def verify(request, monkeypatch):
    """Verification by each backend in turn, behind the same door."""
    monkeypatch.setattr(ed25519, "HAVE_CRYPTOGRAPHY", request.param == "native")
    return ed25519.verify


@pytest.mark.parametrize("vector", RFC_8032)
def test_vectors_of_rfc_8032(verify, vector):
    key, message, signature = map(bytes.fromhex, vector)
    assert verify(key, message, signature)
    assert not verify(key, message + b"!", signature)
    assert not verify(key, message, signature[:-1])
    assert not verify(key, message, signature + b"\0")
    assert not verify(key[:-1], message, signature)


def test_a_second_spelling_of_s_is_refused(verify):
    key, message, signature = map(bytes.fromhex, RFC_8032[1])
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    assert not verify(key, message, signature[:32] + scalar.to_bytes(32, "little"))


@pytest.mark.parametrize("number", [PRIME, PRIME + 1, 2**255 - 1, 1 | 1 << 255, PRIME - 1 | 1 << 255])
def test_a_second_spelling_of_a_key_is_refused(verify, number):
    """PRIME + 1 spells y = 1, the neutral element, under which S = 0 and R = 1 would verify any message."""
    forged = (1).to_bytes(32, "little") + bytes(32)
    assert not verify(number.to_bytes(32, "little"), b"anything", forged)


def test_a_second_spelling_of_r_is_refused(verify):
    """y = 1 is R = 1 for S = 0 under the neutral key; the spelling PRIME + 1 of it is not."""
    neutral = (1).to_bytes(32, "little")
    assert verify(neutral, b"", neutral + bytes(32))
    assert not verify(neutral, b"", (PRIME + 1).to_bytes(32, "little") + bytes(32))


def both(key, message, signature):
    well_formed = ed25519._well_formed(key, signature)
    native = well_formed and ed25519._verify_native(key, message, signature)
    python = well_formed and ed25519._verify_python(key, message, signature)
    assert native == python
    return native


@settings(deadline=None, max_examples=60)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=50), st.integers(0, 511 + 256))
def test_both_ways_agree_on_good_and_on_bent_signatures(seed, message, bit):
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert both(key, message, signature)
    bent = bytearray(signature + key)
    bent[bit // 8] ^= 1 << bit % 8
    assert not both(bytes(bent[64:]), message, bytes(bent[:64]))


@settings(deadline=None, max_examples=60)
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=64, max_size=64))
def test_both_ways_agree_on_noise(key, signature):
    both(key, b"message", signature)


def test_both_ways_agree_on_keys_of_small_order():
    order_four = bytes(32)  # y = 0
    for key in (order_four, (1).to_bytes(32, "little"), (PRIME - 1).to_bytes(32, "little")):
        for point in (order_four, (1).to_bytes(32, "little"), (PRIME - 1).to_bytes(32, "little")):
            for message in (b"0", b"1", b"2", b"3"):
                both(key, message, point + bytes(32))


def test_bytes_that_are_no_point_are_refused(verify):
    assert not verify((2).to_bytes(32, "little"), b"", bytes(64))


@pytest.mark.parametrize(
    ("key", "scalar", "well"),
    [
        (PRIME - 1, ORDER - 1, True),
        (PRIME - 1, ORDER, False),
        (PRIME, 0, False),
        (1 | 1 << 255, 0, False),
        (PRIME - 1 | 1 << 255, 0, False),
        (4 | 1 << 255, 0, True),
    ],
)
def test_the_edges_of_one_spelling(key, scalar, well):
    signature = bytes(32) + scalar.to_bytes(32, "little")
    assert ed25519._well_formed(key.to_bytes(32, "little"), signature) == well


def test_half_of_all_numbers_are_no_point():
    assert ed25519._decode((2).to_bytes(32, "little")) is None
    assert ed25519._decode((3).to_bytes(32, "little")) is not None
