import pytest

from audit.proof import cosignature, ed25519, encoding, note
from audit.proof.errors import ProofError

from .small_log import Key, SmallLog

SEED = bytes([7]) * 32
NAME = "witness.example/w1"
VKEY = cosignature.vkey(NAME, ed25519.public_key(SEED))
KEY = cosignature.parse_vkey(VKEY)

# The example of C2SP tlog-cosignature. Its key is not given there, but its form and its time are.
C2SP = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeO\
oRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHe\
olMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""


def sign(message):
    return ed25519.sign(SEED, message)


@pytest.fixture(scope="module")
def signed():
    return SmallLog(size=3).checkpoint()


def test_a_cosigned_head_tells_when_it_was_seen(signed):
    text, _ = note.parse(signed)
    line = cosignature.sign(text, KEY, sign, time=1679315147)
    assert cosignature.times(signed + line, KEY) == [1679315147]
    assert cosignature.check(text, line, KEY) == 1679315147
    assert cosignature.times(signed, KEY) == []


def test_the_example_of_the_specification_has_the_form_we_write():
    _, signatures = note.parse(C2SP)
    assert int.from_bytes(signatures[1].signature[:8], "big") == 1679315147
    assert len(signatures[1].signature) == 8 + ed25519.SIGNATURE_SIZE


def test_the_message_is_that_of_the_specification():
    text = C2SP.partition("\n\n")[0] + "\n"
    message = f"cosignature/v1\ntime 1679315147\n{text}".encode()
    line = cosignature.sign(text, KEY, sign, time=1679315147)
    assert note.parse_line(line.rstrip("\n")).signature[8:] == ed25519.sign(SEED, message)


def test_the_log_still_opens_its_own_head(signed):
    line = cosignature.sign(note.parse(signed)[0], KEY, sign, time=5)
    assert note.open_note(signed + line, [Key(1).vkey])


def test_another_time_head_or_key_is_refused(signed):
    text, _ = note.parse(signed)
    line = cosignature.sign(text, KEY, sign, time=5)
    raw = encoding.from_base64(line.split(" ")[2].rstrip("\n"), "")
    for bent in (raw[:4] + (6).to_bytes(8, "big") + raw[12:], raw[:4] + bytes(8) + raw[12:], raw[:-1], raw + b"x"):
        with pytest.raises(ProofError) as refused:
            cosignature.times(f"{signed}— {NAME} {encoding.to_base64(bent)}\n", KEY)
        assert refused.value.code == "signature-bad"
    with pytest.raises(ProofError):
        cosignature.times(SmallLog(size=4).checkpoint() + line, KEY)
    other = cosignature.parse_vkey(cosignature.vkey("other", KEY.public_key))
    assert cosignature.times(signed + line, other) == []
    with pytest.raises(ProofError):
        cosignature.check(text, line, other)


def test_no_wrong_line_is_handed_out(signed):
    with pytest.raises(ProofError):
        cosignature.sign(note.parse(signed)[0], KEY, lambda message: ed25519.sign(bytes(32), message), time=5)
    with pytest.raises(ProofError):
        cosignature.sign(note.parse(signed)[0], KEY, sign, time=0)


def test_the_key_of_a_log_cannot_cosign_nor_that_of_a_witness_sign():
    with pytest.raises(ProofError):
        cosignature.parse_vkey(Key(1).vkey)
    with pytest.raises(ProofError):
        note.parse_vkey(VKEY)
