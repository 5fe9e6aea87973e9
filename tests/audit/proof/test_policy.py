import pytest

from audit.proof import cosignature, ed25519, note, policy
from audit.proof.errors import ProofError

from .small_log import Key, SmallLog

SEEDS = {name: bytes([number]) * 32 for number, name in enumerate(["X1", "X2", "X3", "Y1", "Y2", "Y3"], 20)}
VKEYS = {name: cosignature.vkey(f"{name}.example", ed25519.public_key(seed)) for name, seed in SEEDS.items()}
LOG = SmallLog(size=3)
# The example of C2SP tlog-policy.
EXAMPLE = f"""\
log {LOG.key.vkey}

witness X1 {VKEYS["X1"]}
witness X2 {VKEYS["X2"]}
witness X3 {VKEYS["X3"]} https://x3.example/
group X-witnesses 2 X1 X2 X3

# the other house
\twitness  Y1\t{VKEYS["Y1"]}
witness Y2 {VKEYS["Y2"]}
witness Y3 {VKEYS["Y3"]}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def cosigned(*names):
    signed = LOG.checkpoint()
    text, _ = note.parse(signed)
    for name in names:
        key = cosignature.parse_vkey(VKEYS[name])
        signed += cosignature.sign(text, key, lambda message, name=name: ed25519.sign(SEEDS[name], message), time=5)
    return signed


@pytest.mark.parametrize(
    ("names", "enough"),
    [
        ("X1 X2 Y1", True),
        ("X1 X3 Y3", True),
        ("X1 X2 X3 Y1 Y2 Y3", True),
        ("X1 X2 X3", False),
        ("X1 Y1 Y2 Y3", False),
        ("X1 X1 Y1", False),
        ("", False),
    ],
)
def test_a_quorum_of_groups(names, enough):
    wanted = policy.parse(EXAMPLE.encode())
    assert wanted.logs == [LOG.key.vkey]
    assert wanted.witnesses["X3"].url == "https://x3.example/"
    signed = cosigned(*names.split())
    if enough:
        assert {each.name for each in wanted.check(signed)} == set(names.split())
    else:
        with pytest.raises(ProofError) as refused:
            wanted.check(signed)
        assert refused.value.code == "quorum-missing"


def test_a_single_witness_or_none_may_be_asked_for():
    one = policy.parse(f"witness a {VKEYS['X1']}\nquorum a\n".encode())
    assert [each.name for each in one.check(cosigned("X1"))] == ["a"]
    with pytest.raises(ProofError):
        one.check(cosigned("X2"))
    assert policy.parse(b"quorum none\n").check(cosigned()) == []


def test_a_bad_line_of_a_known_witness_spoils_the_head():
    wanted = policy.parse(f"witness a {VKEYS['X1']}\nquorum none\n".encode())
    moved = cosigned("X1").rpartition("— ")[2]
    with pytest.raises(ProofError) as refused:
        wanted.check(f"{SmallLog(size=2).checkpoint()}— {moved}")
    assert refused.value.code == "signature-bad"


A, B = f"witness a {VKEYS['X1']}\n", f"witness b {VKEYS['X2']}\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum none",
        A,
        "quorum a\n",
        f"quorum a\n{A}",
        f"{A}quorum a\nquorum a\n",
        f"{A}{A}quorum a\n",
        f"{A}witness b {VKEYS['X1']}\nquorum a\n",
        f"witness none {VKEYS['X1']}\nquorum none\n",
        f"witness a {Key(1).vkey}\nquorum a\n",
        f"log {VKEYS['X1']}\nquorum none\n",
        f"log {Key(1).vkey}\nlog {Key(1, 'other').vkey}\nquorum none\n",
        f"{A}group g 0 a\nquorum g\n",
        f"{A}group g 2 a\nquorum g\n",
        f"{A}group g 01 a\nquorum g\n",
        f"{A}group g some a\nquorum g\n",
        f"{A}group g any\nquorum g\n",
        f"{A}group g any none\nquorum g\n",
        f"{A}group g any g\nquorum g\n",
        f"{A}{B}group g any a a\nquorum g\n",
        f"{A}{B}group g any a\ngroup h any a b\nquorum g\n",
        f"{A}group a any a\nquorum a\n",
        f"{A}quorum a b\n",
        f"{A}quorum a\r\n",
        f"{A}quorum\x0ba\n",
        "witness a\nquorum none\n",
        f"{A[:-1]} url more\nquorum a\n",
        "nonsense\nquorum none\n",
    ],
)
def test_another_text_is_no_policy(text):
    with pytest.raises(ProofError):
        policy.parse(text.encode())


def test_two_keys_of_one_log_are_not_twice_the_same():
    text = f"log {Key(1).vkey}\nlog {Key(2).vkey}\nquorum none\n"
    assert len(policy.parse(text.encode()).logs) == 2


def test_the_error_names_the_line():
    with pytest.raises(ProofError, match="Line 2"):
        policy.parse(f"{A}quorum b\n".encode())
