import json
import unicodedata

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.proof import canonical
from audit.proof.errors import ProofError

from . import vectors

TEXT = st.text(st.characters(codec="utf-8")).map(lambda text: unicodedata.normalize("NFC", text))
KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
NUMBERS = st.integers(-canonical.INT_LIMIT, canonical.INT_LIMIT)
VALUES = st.recursive(
    st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


def refusal(check, *arguments, **options):
    with pytest.raises(ProofError) as refused:
        check(*arguments, **options)
    return refused.value.code


@settings(deadline=None, max_examples=300)
@given(VALUES)
def test_F25_the_bytes_are_those_of_an_independent_writer_and_come_back(value):
    raw = canonical.dumps(value)
    assert raw == rfc8785.dumps(value)
    assert canonical.loads(raw) == value
    assert canonical.loads(json.dumps(value, indent=1).encode(), strict=False) == value


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=40) | st.text(alphabet='{}[]",:0123456789.eE+-truefalsn\\u \n', max_size=24).map(str.encode))
def test_F25_whatever_it_reads_it_would_write(raw):
    try:
        value = canonical.loads(raw)
    except ProofError:
        return
    assert canonical.dumps(value) == raw


def test_keys_and_escapes_of_rfc_8785():
    value = {"b": [True, False], "a": '\u20ac$\x0f\nA\'B"\\\\"/\x7f', "": {}, "A": -7}
    text = '{"":{},"A":-7,"a":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\x7f","b":[true,false]}'
    assert canonical.dumps(value) == text.encode()


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "canonical-null"),
        ([None], "canonical-null"),
        (1.0, "canonical-float"),
        (float("nan"), "canonical-float"),
        (2**53, "canonical-integer"),
        (-(2**53), "canonical-integer"),
        ("e\u0301", "canonical-nfc"),
        ("\ud800", "unicode-bad"),
        ({"ключ": 1}, "canonical-key"),
        ({1: 1}, "canonical-key"),
        ((1,), "canonical-type"),
        (b"raw", "canonical-type"),
    ],
)
def test_it_writes_nothing_outside_the_subset(value, code):
    assert refusal(canonical.dumps, value) == code
    assert refusal(canonical.dumps, {"a": [value]}) == code


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'{"a":1,"a":1}', "canonical-duplicate"),
        (b'{"a":1,"\\u0061":2}', "canonical-duplicate"),
        (b"1.0", "canonical-float"),
        (b"1e3", "canonical-float"),
        (b"-0.0", "canonical-float"),
        (b"NaN", "canonical-float"),
        (b"-Infinity", "canonical-float"),
        (b"null", "canonical-null"),
        (b"9007199254740992", "canonical-integer"),
        (b"1" * 10_000, "canonical-integer"),
        (b'"\\ud800"', "unicode-bad"),
        (b'"e\xcc\x81"', "canonical-nfc"),
        (b'"\xff"', "canonical-syntax"),
        (b"\xef\xbb\xbf{}", "canonical-syntax"),
        (b"", "canonical-syntax"),
        (b"{}{}", "canonical-syntax"),
        (b"01", "canonical-syntax"),
        (b"'a'", "canonical-syntax"),
        (b"[" * 100_000, "canonical-syntax"),
        (b"[" * 66 + b"]" * 66, "canonical-depth"),
        (b'{"a":' * 66 + b"1" + b"}" * 66, "canonical-depth"),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_F25_it_reads_nothing_outside_the_subset(raw, code, strict):
    assert refusal(canonical.loads, raw, strict=strict) == code


@pytest.mark.parametrize(
    "raw", [b"{ }", b"{}\n", b'{"b":1,"a":2}', b'"\\u0041"', b'"\\/"', b'"\\u001F"', b"-0", b'"\\u20ac"']
)
def test_strict_refuses_another_spelling_of_the_same_value(raw):
    assert refusal(canonical.loads, raw) == "canonical-spelling"
    assert canonical.loads(canonical.dumps(canonical.loads(raw, strict=False))) is not None


def test_the_edges_of_an_integer_and_of_nesting():
    for number in (canonical.INT_LIMIT, -canonical.INT_LIMIT):
        assert canonical.loads(str(number).encode()) == number
    assert canonical.loads(b"[" * 65 + b"]" * 65)


def test_a_leaf_has_a_longest_length():
    room = canonical.LEAF_LIMIT - len(b'{"a":""}')
    assert len(canonical.leaf({"a": "x" * room})) == 65_535
    assert refusal(canonical.leaf, {"a": "x" * (room + 1)}) == "leaf-too-long"


SUBSET = {"structures.json"}
"""The one published example whose canonical output is inside our subset (its input says 56.0)."""


@pytest.mark.parametrize("path", vectors.files("jcs", "testdata/input/*.json"))
def test_outside_inputs_are_refused_for_what_the_subset_leaves_out(path):
    with pytest.raises(ProofError):
        canonical.loads(path.read_bytes(), strict=False)


@pytest.mark.parametrize("path", vectors.files("jcs", "testdata/output/*.json"))
def test_outside_outputs_inside_the_subset_match_byte_for_byte(path):
    raw = path.read_bytes()
    if path.name in SUBSET:
        assert canonical.dumps(canonical.loads(raw)) == raw
        spaced = json.dumps(json.loads(raw), indent=2).encode()
        assert canonical.dumps(canonical.loads(spaced, strict=False)) == raw
    else:
        with pytest.raises(ProofError):
            canonical.loads(raw)
