import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.proof import encoding, note
from audit.proof.checkpoint import Checkpoint
from audit.proof.errors import ProofError
from audit.proof.merkle import EMPTY_ROOT

from .small_log import Key

# The example in the documentation of the format's first implementation; every implementation knows it.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
NOTE = f"{TEXT}\n{LINE}"
# The examples in C2SP signed-note and tlog-checkpoint; their keys are not published.
SALVATORE = """\
Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore \
NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
"""
SOFA = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
"""
ALICE, BOB = Key(1, "alice.example"), Key(2, "bob.example/log")


def signed(text=TEXT, key=ALICE):
    return note.sign(text, key.name, key.public, key.sign)


def refusal(check, *arguments):
    with pytest.raises(ProofError) as refused:
        check(*arguments)
    return refused.value.code


def test_the_example_everybody_knows_opens():
    assert note.open_note(NOTE, [PETER]) == TEXT
    key = note.parse_vkey(PETER)
    assert (key.name, key.key_id.hex()) == ("PeterNeumann", "c74f20a3")
    assert note.vkey(key.name, key.public_key) == PETER


def test_the_example_of_the_specification_is_well_formed_but_by_nobody_we_know():
    assert refusal(note.open_note, SALVATORE, [PETER]) == "signature-unknown"
    assert note.countersign(SALVATORE, ALICE.name, ALICE.public, ALICE.sign).startswith(SALVATORE)
    bent = SALVATORE.replace("— quasimodo", "- quasimodo")
    assert refusal(note.open_note, bent, [PETER]) == "note-form"


def test_a_note_opens_with_the_key_that_signed_it():
    assert note.open_note(signed(), [ALICE.vkey]) == TEXT
    assert note.open_note(signed(), [BOB.vkey, ALICE.vkey]) == TEXT
    assert refusal(note.open_note, signed(), [BOB.vkey]) == "signature-unknown"
    assert refusal(note.open_note, signed(), []) == "signature-unknown"


def test_text_may_hold_blank_lines_and_look_like_a_signature():
    for text in ("\n", "\n\n", "a\n\nb\n", f"{TEXT}\n{LINE}", "a\n\n\n"):
        assert note.open_note(signed(text), [ALICE.vkey]) == text


def test_F9_two_signatures_serve_two_keys_and_a_bad_one_spoils_both():
    both = note.countersign(signed(), BOB.name, BOB.public, BOB.sign)
    for keys in ([ALICE.vkey], [BOB.vkey], [ALICE.vkey, BOB.vkey]):
        assert note.open_note(both, keys) == TEXT
    bad = f"— {BOB.name} {encoding.to_base64(note.key_id(BOB.name, BOB.public) + bytes(64))}\n"
    assert note.open_note(signed() + bad, [ALICE.vkey]) == TEXT
    assert refusal(note.open_note, signed() + bad, [ALICE.vkey, BOB.vkey]) == "signature-bad"
    assert refusal(note.open_note, both + bad, [ALICE.vkey, BOB.vkey]) == "signature-bad"


def test_F8_a_key_with_the_same_name_or_the_same_id_is_another_key():
    twin = Key(3, ALICE.name)
    assert refusal(note.open_note, signed(key=twin), [ALICE.vkey]) == "signature-unknown"
    stolen_id = f"— {BOB.name} {encoding.to_base64(note.key_id(ALICE.name, ALICE.public) + bytes(64))}\n"
    assert note.open_note(signed() + stolen_id, [ALICE.vkey, BOB.vkey]) == TEXT


def test_F9_a_hundred_signatures_and_no_more():
    other = signed(key=BOB).removeprefix(TEXT + "\n")
    assert note.open_note(signed() + other * 99, [ALICE.vkey]) == TEXT
    assert refusal(note.open_note, signed() + other * 100, [ALICE.vkey]) == "note-signatures"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda good: good[:-1],
        lambda good: good + "\n",
        lambda good: good + " \n",
        lambda good: good.replace("\n\n", "\n"),
        lambda good: good.replace("—", "–"),
        lambda good: good.replace("— ", "—  "),
        lambda good: good.replace("— ", "—"),
        lambda good: good.replace("=\n", "\n"),
        lambda good: good.replace("=\n", "= \n"),
        lambda good: good.replace("=\n", "=\r\n"),
        lambda good: good.replace("=\n", "=\n— a \n"),
        lambda good: good.replace("=\n", "=\n— a AAAA\n"),
        lambda good: good.replace("=\n", "=\n— a+b AAAAAAA=\n"),
        lambda good: good.replace("=\n", "=\n—  AAAAAAA=\n"),
        lambda good: good.replace("If", "If\t"),
        lambda good: good.replace("If", "\0"),
        lambda good: good.replace("If", "if"),
        lambda good: good.replace("If", "\ud800"),
        lambda good: TEXT,
        lambda good: TEXT + "\n",
        lambda good: "",
        lambda good: "\n",
        lambda good: "\n\n",
    ],
)
def test_it_refuses_what_is_not_a_note(spoil):
    with pytest.raises(ProofError):
        note.open_note(spoil(NOTE), [PETER])


def test_it_refuses_text_or_signatures_alone():
    alone = signed("\n").removeprefix("\n\n")
    assert alone.startswith("— ")
    for bent in (alone, TEXT, TEXT + "\n"):
        assert refusal(note.open_note, bent, [ALICE.vkey]) == "note-form"


def test_a_signature_has_at_least_one_byte_after_the_key_id():
    for length, code in ((4, "note-form"), (5, "signature-unknown")):
        line = f"— a {encoding.to_base64(bytes(length))}\n"
        assert refusal(note.open_note, f"{TEXT}\n{line}", [ALICE.vkey]) == code


@pytest.mark.parametrize("name", ["", "two words", "tab\tbed", "bell\a", "no\u00a0break"])
def test_it_refuses_a_bad_name_even_with_the_right_id(name):
    public = encoding.to_base64(b"\x01" + ALICE.public)
    assert refusal(note.parse_vkey, f"{name}+{note.key_id(name, ALICE.public).hex()}+{public}") == "key-name"
    assert refusal(note.vkey, name, ALICE.public) == "key-name"


def test_it_makes_no_vkey_of_another_length():
    assert refusal(note.vkey, "a", bytes(31)) == "vkey-bad"


def test_it_refuses_spare_bits_in_base64():
    assert refusal(note.open_note, NOTE.replace("nAM=", "nAN="), [PETER]) == "base64-bad"


@settings(deadline=None, max_examples=200)
@given(st.integers(0, len(NOTE) - 1), st.characters())
def test_a_changed_letter_never_opens(where, letter):
    if NOTE[where] == letter:
        return
    with pytest.raises(ProofError):
        note.open_note(NOTE[:where] + letter + NOTE[where + 1 :], [PETER])


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters() | st.sampled_from("\n— +="), max_size=60))
def test_noise_raises_nothing_but_proof_errors(text):
    for check in (Checkpoint.parse, note.parse_vkey, lambda raw: note.open_note(raw, [PETER])):
        with pytest.raises(ProofError):
            check(text)


@pytest.mark.parametrize(
    "bent",
    [
        PETER.replace("c74f", "C74F"),
        PETER.replace("c74f", "c74e"),
        PETER.replace("Peter", "Petra"),
        PETER.replace("+ARpc", "+AhpC"),
        PETER.replace("+ARpc", "+ARqc"),
        PETER.replace("+", " "),
        PETER.replace("PeterNeumann", ""),
        PETER.replace("PeterNeumann", "Peter Neumann"),
        PETER + "\n",
        PETER + "+",
        PETER[:-4],
        PETER[:-1],
        PETER.removesuffix("+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"),
        "",
    ],
)
def test_it_refuses_a_bent_key(bent):
    with pytest.raises(ProofError):
        note.parse_vkey(bent)


def test_it_signs_nothing_that_would_not_open():
    assert refusal(signed, "no newline") == "note-form"
    assert refusal(signed, "bell\a\n") == "note-control"
    assert refusal(note.sign, TEXT, "two words", ALICE.public, ALICE.sign) == "key-name"
    assert refusal(note.sign, TEXT, "a+b", ALICE.public, ALICE.sign) == "key-name"
    assert refusal(note.sign, TEXT, ALICE.name, b"short", ALICE.sign) == "vkey-bad"
    assert refusal(note.sign, TEXT, ALICE.name, ALICE.public, BOB.sign) == "signature-bad"


def test_a_checkpoint_reads_back():
    sofa = Checkpoint.parse(SOFA)
    assert (sofa.origin, sofa.size, sofa.body()) == ("example.com/behind-the-sofa", 20852163, SOFA)
    empty = Checkpoint("a", 0, EMPTY_ROOT)
    assert Checkpoint.parse(empty.body()) == empty


@pytest.mark.parametrize(
    "bent",
    [
        SOFA + "extension\n",
        SOFA + "\n",
        SOFA[:-1],
        SOFA.replace("2085", "02085"),
        SOFA.replace("2085", "+2085"),
        SOFA.replace("2085", "-2085"),
        SOFA.replace("2085", "2_085"),
        SOFA.replace("20852163", "٢٠"),
        SOFA.replace("20852163", ""),
        SOFA.replace("20852163", "0"),
        SOFA.replace("20852163", "9" * 20),
        SOFA.replace("q2I=", "q2J="),
        SOFA.replace("q2I=", "q2I"),
        SOFA.replace("CsUY", ""),
        SOFA.replace("example.com/behind-the-sofa", ""),
        f"a\n1\n{encoding.to_base64(EMPTY_ROOT)}\n",
    ],
)
def test_it_refuses_a_bent_checkpoint(bent):
    with pytest.raises(ProofError):
        Checkpoint.parse(bent)


def test_it_writes_no_checkpoint_it_would_not_read():
    for bad in (
        Checkpoint("", 1, bytes(32)),
        Checkpoint("a\nb", 1, bytes(32)),
        Checkpoint("a", -1, bytes(32)),
    ):
        assert refusal(bad.body) == "checkpoint-bad"
    assert refusal(Checkpoint("a", 1, bytes(31)).body) == "checkpoint-bad"
