"""The demo's files: a catalogue whose words are plain, and a consent history that stays messy."""

import csv
import re
import unicodedata
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

pytestmark = pytest.mark.once
DEMO = Path(__file__).parent.parent / "trustcenter" / "demo"


def load(name):
    return yaml.safe_load((DEMO / name).read_text("utf-8"))


# ---------------------------------------------------------------- the catalogue

CATALOGUE = load("kestrel-park.yaml")
LANGUAGES = ["en", "zh-hans", "es", "fr", "de", "ar"]
PURPOSES = CATALOGUE["purposes"]
PARTS = ["title", "what", "why", "benefit", "if_no"]
TEXTS = [
    pytest.param(purpose["texts"][language], id=f"{purpose['key']}-{language}")
    for purpose in PURPOSES
    for language in LANGUAGES
]
ENGLISH = [param for param in TEXTS if param.id.endswith("-en")]
CHINESE = [param for param in TEXTS if param.id.endswith("-zh-hans")]

# The words of rules L6, L7, L10 and L11 that are easiest to write without noticing.
VAGUE = ["may", "might", "some", "often", "sometimes", "such as", "including", "from time to time", "etc"]
UNNAMED = ["partners", "affiliates", "third parties", "third party", "service providers"]
PUSHY = [
    "unfortunately",
    "sorry",
    "miss out",
    "don't miss",
    "only today",
    "now",
    "help us",
    "please",
    "thank you",
    "best",
]
JARGON = ["data subject", "pursuant", "process your data", "legitimate interest"]
CHINESE_WORDS = [
    "可能",
    "或许",
    "有时",
    "等等",
    "合作伙伴",
    "第三方",
    "遗憾",
    "抱歉",
    "不要错过",
    "立刻",
    "你",
]


def sentences(text, stops=r"[.!?](?:\s|$)"):
    return [part for part in re.split(stops, text) if part.strip()]


def numbers(text):
    """The numbers of a text; 1,000 is 1.000 in German and 1 000 in French, and Arabic says one hour without a digit."""
    text = text.replace("ساعة واحدة", "1 ساعة")
    return sorted(re.findall(r"\d+", re.sub(r"(?<=\d)[.,\u202f](?=\d{3}\b)", "", text)))


def names():
    """Every mapping of language to label in the catalogue, with a name for the test."""
    yield from ((row["key"], row["name"]) for row in CATALOGUE["categories"])
    for level in (level for purpose in PURPOSES for level in purpose.get("levels", ())):
        yield from ((f"{level['key']} {part}", level[part]) for part in ("name", "benefit", "example"))


def test_counts():
    kinds = Counter(recipient["kind"] for recipient in CATALOGUE["recipients"])
    assert [len(CATALOGUE[name]) for name in ("purposes", "categories", "recipients")] == [6, 9, 7]
    assert kinds == {"system": 4, "processor": 1, "third_party": 2}
    assert [purpose["key"] for purpose in PURPOSES] == [
        "improve_visit", "personal_offers", "ride_photos", "plan_staff", "tickets_and_orders", "park_safety",
    ]  # fmt: skip


def test_the_controller_can_be_reached():
    assert set(CATALOGUE["controller"]) == {
        "key", "name", "address", "email", "phone", "regulator", "jurisdiction",
    }  # fmt: skip
    assert all(CATALOGUE["controller"].values())


def test_recipients_outside_the_house_can_be_reached():
    for recipient in CATALOGUE["recipients"]:
        assert re.fullmatch("[A-Z]{2}", recipient["country"])
        if recipient["kind"] != "system":
            assert recipient["address"]
            assert recipient["contact"].endswith(".example")


def test_every_reference_resolves_and_nothing_is_left_over():
    for name in ("categories", "recipients"):
        known = [entry["key"] for entry in CATALOGUE[name]]
        used = {key for purpose in PURPOSES for key in purpose[name]}
        assert len(known) == len(set(known))
        assert used == set(known)


@pytest.mark.parametrize(("name", "labels"), [pytest.param(*each, id=each[0]) for each in names()])
def test_every_label_stands_in_every_language_in_the_same_order(name, labels):
    assert list(labels) == LANGUAGES, name
    assert all(label.strip() for label in labels.values())


def test_the_principles_stand_in_every_language():
    assert list(CATALOGUE["principles"]) == LANGUAGES


def test_every_category_has_a_term():
    for category in CATALOGUE["categories"]:
        assert isinstance(category["sensitive"], bool)
        assert re.fullmatch(r"pd:[A-Z][A-Za-z]+", category["dpv"])


def test_sensitive_data_never_rests_on_plain_consent_or_interest():
    sensitive = {category["key"] for category in CATALOGUE["categories"] if category["sensitive"]}
    bases = {purpose["legal_basis"] for purpose in PURPOSES if sensitive & set(purpose["categories"])}
    assert "face_image" in sensitive
    assert bases == {"explicit_consent", "legal_obligation"}


@pytest.mark.parametrize("purpose", [pytest.param(purpose, id=purpose["key"]) for purpose in PURPOSES])
def test_purposes_are_complete(purpose):
    assert re.fullmatch(r"dpv:[A-Z][A-Za-z]+", purpose["dpv"])
    assert re.fullmatch(r"P\d+[DMY]", purpose["retention"])
    assert ("consent_lasts" in purpose) == (purpose["legal_basis"] in {"consent", "explicit_consent"})
    for flag in ("uses_ai", "automated_decisions", "sale_or_sharing"):
        assert isinstance(purpose[flag], bool)
    assert list(purpose["texts"]) == LANGUAGES
    for text in purpose["texts"].values():
        assert list(text) == PARTS + ["ai", "ai_out", "ai_learned", "ai_sure"] * purpose["uses_ai"]
        assert all(part.strip() for part in text.values())
    assert ("ai" in purpose) == purpose["uses_ai"]


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_short(text):
    assert len(text["title"].split()) <= 6
    assert len(text["benefit"].split()) <= 10
    assert max(len(sentence.split()) for part in text.values() for sentence in sentences(part)) <= 25


@pytest.mark.parametrize("text", [param for param in TEXTS if not param.id.endswith("-zh-hans")])
def test_every_language_with_spaces_fits_the_card_of_a_use(text):
    assert len(text["title"]) <= 36
    assert len(text["benefit"]) <= 46


@pytest.mark.parametrize("text", CHINESE)
def test_chinese_is_short_and_polite(text):
    assert len(text["title"]) <= 12
    assert max(len(sentence) for part in text.values() for sentence in sentences(part, "[。！？]")) <= 40
    assert max(len(clause) for part in text.values() for clause in re.split("[，。：、；！？]", part)) <= 18
    assert any("您" in part for part in text.values())


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_plain_and_pushes_nobody(text):
    words = " ".join(text.values()).lower()
    found = [word for word in VAGUE + UNNAMED + PUSHY + JARGON if re.search(rf"\b{re.escape(word)}\b", words)]
    assert found == []


@pytest.mark.parametrize("text", CHINESE)
def test_chinese_is_plain_and_pushes_nobody(text):
    words = "".join(text.values())
    assert [word for word in CHINESE_WORDS if word in words] == []


@pytest.mark.parametrize("purpose", [pytest.param(purpose, id=purpose["key"]) for purpose in PURPOSES])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_gives_the_same_numbers_and_leaves_the_names_to_the_catalogue(purpose, language):
    english, other = purpose["texts"]["en"], purpose["texts"][language]
    receivers = [recipient["name"] for recipient in CATALOGUE["recipients"]]
    for part in english:
        assert numbers(english[part]) == numbers(other[part]), part
        assert not [name for name in receivers if name in other[part]]


# ---------------------------------------------------------------- the consent history

MAPPING = load("history.mapping.yaml")
RAW = (DEMO / "history.csv").read_bytes()
with (DEMO / "history.csv").open(encoding=MAPPING["file"]["encoding"], newline="") as file:
    HEAD, *LINES = csv.reader(file, delimiter=MAPPING["file"]["delimiter"])
ROWS = [dict(zip(HEAD, line, strict=True)) for line in LINES if len(line) == len(HEAD)]
DATE_COLUMNS = ["OPTIN_TIME", "CONFIRM_TIME", "UNSUB_TIME"]
EXPORTED = datetime(2026, 5, 14, 12, tzinfo=UTC)


def known(table, cell):
    """What a list of the mapping says about a cell: trimmed, capitals aside."""
    return {name.lower(): value for name, value in table["values"].items()}.get(cell.strip().lower())


def person(row):
    return unicodedata.normalize("NFC", row[MAPPING["identifier"]["column"]]).strip(" ").lower()


def moment(cell):
    """The date in a cell, or None: no format reads it, or it lies after the export."""
    for form in MAPPING["dates"]["formats"]:
        try:
            read = datetime.strptime(cell.strip(), form)
        except ValueError:
            continue
        read = read if read.tzinfo else read.replace(tzinfo=ZoneInfo(MAPPING["dates"]["time_zone"]))
        return read if read <= EXPORTED else None
    return None


def first_moment(row, columns):
    return next((read for read in (moment(row[column]) for column in columns) if read), None)


def no_sure_yes(row):
    """Why the yes in a subscribed row cannot be taken, or None."""
    [step] = MAPPING["status"]["values"]["subscribed"]
    if known(MAPPING["purpose"], row["LIST"])["purpose"] == "ride_photos":
        return "explicit consent without the words"
    given, ended = first_moment(row, step["at"]), moment(row[step["unless_later"]])
    if given is None:
        return "no readable date"
    return "unsubscribed later" if ended and ended > given else None


def why_refused(line):
    if len(line) != len(HEAD):
        return "wrong number of cells"
    row = dict(zip(HEAD, line, strict=True))
    if person(row) in MAPPING["empty"]:
        return "no e-mail"
    if any(unicodedata.category(letter) == "Cc" for letter in person(row)):
        return "control character"
    if known(MAPPING["status"], row["STATUS"]) is None:
        return "unknown status"
    if known(MAPPING["purpose"], row["LIST"]) is None:
        return "unknown list"
    return no_sure_yes(row) if row["STATUS"].lower() == "subscribed" else None


def test_the_mapping_knows_the_file_and_the_catalogue():
    columns = [MAPPING[name]["column"] for name in ("identifier", "purpose", "status", "language")]
    steps = [step for steps in MAPPING["status"]["values"].values() if steps != "skip" for step in steps]
    purposes = {purpose["key"]: purpose for purpose in PURPOSES}
    assert set(columns + MAPPING["evidence"]) <= set(HEAD)
    assert {column for step in steps for column in step["at"]} <= set(HEAD)
    assert {step["act"] for step in steps} == {"give", "withdraw"}
    assert {*MAPPING["language"]["values"].values(), MAPPING["language"]["default"]} == {"en", "zh-hans"}
    for target in MAPPING["purpose"]["values"].values():
        assert set(target.get("categories", [])) <= set(purposes[target["purpose"]]["categories"])


def test_what_proves_nothing_is_not_kept():
    assert not {"NOTES", "First Name", "Last Name", "MEMBER_RATING"} & set(MAPPING["evidence"])


def test_size_and_people():
    refused = [line for line in LINES if why_refused(line)]
    people = {person(row) for row in ROWS if "@" in person(row)}
    assert 310 <= len(LINES) <= 330
    assert 170 <= len(people) <= 190
    assert 0.13 <= len(refused) / len(LINES) <= 0.17


def test_every_address_is_made_up():
    assert all(person(row).endswith(".example") for row in ROWS if "@" in person(row))


@pytest.mark.parametrize(
    ("reason", "least"),
    [
        ("wrong number of cells", 3),
        ("no e-mail", 5),
        ("control character", 3),
        ("unknown status", 2),
        ("unknown list", 9),
        ("explicit consent without the words", 6),
        ("no readable date", 15),
        ("unsubscribed later", 3),
    ],
)
def test_every_kind_of_refusal_is_still_there(reason, least):
    assert Counter(map(why_refused, LINES))[reason] >= least


@pytest.mark.parametrize("form", MAPPING["dates"]["formats"])
def test_every_date_format_is_still_there(form):
    def fits(cell):
        try:
            return bool(datetime.strptime(cell, form))
        except ValueError:
            return False

    assert sum(fits(row[column]) for row in ROWS for column in DATE_COLUMNS) >= 5


def any_cell(pattern):
    return [cell for row in ROWS for column in DATE_COLUMNS if re.fullmatch(pattern, cell := row[column])]


def repeats(key):
    return sum(count - 1 for count in Counter(map(key, LINES)).values())


SUBSCRIBED = [row for row in ROWS if row["STATUS"].lower() == "subscribed"]
UNSUBSCRIBED = [row for row in ROWS if row["STATUS"].lower() == "unsubscribed"]
BY_PERSON_AND_LIST = Counter((person(row), row["LIST"], row["STATUS"].lower()) for row in SUBSCRIBED + UNSUBSCRIBED)
MESS = {
    "a mark (BOM) at the start": RAW.startswith(b"\xef\xbb\xbf"),
    "impossible dates": any_cell(r"31/02/\d{4}") and any_cell(r"31\.02\.\d{4}") and any_cell(r"\d{4}-02-30.*"),
    "dates of the future": any_cell(r"20(62|99).*") and any_cell(r".*20(62|99)( .*)?"),
    "numbers from a spreadsheet": any_cell(r"4\d{4}(\.\d+)?"),
    "zero dates": any_cell("0000-00-00 00:00:00"),
    "exact duplicates": repeats(tuple) >= 5,
    "duplicates but for capitals": repeats(lambda line: (line[0].lower(), *line[1:])) - repeats(tuple) >= 4,
    "one address in two Unicode forms": any(not unicodedata.is_normalized("NFC", row[HEAD[0]]) for row in ROWS),
    "shouted addresses": any(row[HEAD[0]].isupper() for row in ROWS),
    "padded addresses": any(row[HEAD[0]] != row[HEAD[0]].strip() and "@" in row[HEAD[0]] for row in ROWS),
    "the word NULL as an address": any(row[HEAD[0]] == "NULL" for row in ROWS),
    "a row that is too short": any(len(line) < len(HEAD) for line in LINES),
    "a row that is too long": any(len(line) > len(HEAD) for line in LINES),
    "Chinese names": any(re.search(r"[\u4e00-\u9fff]", row["First Name"]) for row in ROWS),
    "accented names": any(re.search(r"[À-ž]", row["Last Name"]) for row in ROWS),
    "commas in notes": any("," in row["NOTES"] for row in ROWS),
    "quotes in notes": any('"' in row["NOTES"] for row in ROWS),
    "new lines in notes": any("\n" in row["NOTES"] for row in ROWS),
    "a no after a yes": any(
        (given := moment(row["OPTIN_TIME"])) and (ended := moment(row["UNSUB_TIME"])) and ended > given
        for row in UNSUBSCRIBED
    ),
    "a no without a yes": any(not row["OPTIN_TIME"] and moment(row["UNSUB_TIME"]) for row in UNSUBSCRIBED),
    "a no without a readable date": any(not first_moment(row, ["UNSUB_TIME", "LAST_CHANGED"]) for row in UNSUBSCRIBED),
    "people who came back": any(
        BY_PERSON_AND_LIST[who, what, "subscribed"] and status == "unsubscribed"
        for who, what, status in list(BY_PERSON_AND_LIST)
    ),
    "languages nobody named": any(row["LANGUAGE"] and not known(MAPPING["language"], row["LANGUAGE"]) for row in ROWS),
    "empty languages": any(not row["LANGUAGE"] for row in ROWS),
    "rows to skip": {"pending", "cleaned"} <= {row["STATUS"] for row in ROWS},
}


@pytest.mark.parametrize("kind", MESS)
def test_nobody_has_cleaned_the_history(kind):
    assert MESS[kind]
