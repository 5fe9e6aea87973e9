"""English. Rests on the GOV.UK style guide (25 words, plain words), the US Federal Plain Language Guidelines, and for
vague words on the EDPB's guidelines on transparency (WP260, 12-13)."""

from consent.rules.plain import scores, syllables
from consent.rules.plain.pack import Limits, Pack, Score, numbers, pairs, words

_BE = r"\b(?:is|are|was|were|be|been|being|gets?|got)\s+(?:(?:not|also|only|always|then|\w+ly)\s+)?"
_IRREGULAR = "sent|kept|sold|given|taken|shown|seen|held|told|made|done|written|built|paid|chosen|drawn|sought"
_STATES = (
    "interested|pleased|tired|worried|married|closed|crowded|supposed|used\\s+to|needed|allowed|delayed|injured|aged"
)
_ONE = (("an", "hour"), ("a", "day"), ("a", "week"), ("a", "month"), ("a", "year"))
_UNITS = {
    **{"hour": "h", "hours": "h", "day": "D", "days": "D", "week": "W", "weeks": "W", "month": "M", "months": "M"},
    **{"year": "Y", "years": "Y"},
}

ENGLISH = Pack(
    language="en",
    limits=Limits(),
    score=Score("Flesch-Kincaid grade", scores.flesch_kincaid, wanted=6, refused=8),
    long_word=lambda word: max(map(syllables.english, word.split("-"))) > 3,
    glossary=frozenset({"information", "advertising", "january", "february", "everybody", "anybody", "delivery"}),
    jargon=pairs("""
        data subject = you; data subjects = you; personal data = your data; the user = you; pursuant to = under;
        in accordance with = under; with respect to = about; in order to = to; prior to = before;
        subsequent to = after; in the event that = if; in the event of = if; process your data = use your data;
        processing = use; processed = used; data controller = we; controller = we; processor = its name;
        legitimate interest = our own interest; legitimate interests = our own interest; lawful basis = why we may;
        legal basis = why we may; utilise = use; utilize = use; utilisation = use; leverage = use; facilitate = help;
        terminate = end; commence = start; obtain = get; purchase = buy; retain = keep;
        retention period = how long we keep it; provision of = giving; hereby =; herein = here; thereof = of it;
        aforementioned = this; notwithstanding = even if; shall = must; profiling = guessing what you like;
        algorithm = computer; algorithms = computers; optimise = make better; optimize = make better;
        monetise = earn money with; metadata = facts; opt out = say no; opt in = say yes;
        biometric = of your face or body; pseudonymised = with your name taken off;
        anonymised = with your name taken off; analytics = counts; insights = what we learn; touchpoints = visits
    """),
    vague=words("""
        may, might, could, some, often, sometimes, possibly, perhaps, potentially, generally, usually, typically,
        such as, including but not limited to, among others, among other things, from time to time, as needed,
        where appropriate, as appropriate, if necessary, where necessary, etc, and so on, and more, and the like,
        certain, various, several, relevant, other purposes, related purposes, as long as necessary, a while,
        reasonable time, reasonable period, as long as we need, other data, other information, other details,
        for example, including, things like, and similar, when necessary, as required
    """),
    pushy=words("""
        unfortunately, sadly, regret, regrettably, sorry, disappoint, disappointed, shame, selfish, miss out,
        missing out, don't miss, do not miss, lose out, you will lose, you'll lose, miss you, leave us, let us down,
        are you sure, do you really want, think twice, you will miss, you'll miss, would miss, sad, help us,
        support us, we need you, without your help, please, beg, thank you,
        trust us, we care, we value, is important to us, don't worry, rest assured, act now, right now, hurry,
        last chance, limited time, only today, today only, before it is too late, while you can, urgent, urgently,
        immediately lose, best, amazing, awesome, exciting, excited, fantastic, great, wonderful, perfect, unique,
        exclusive, delight, love, world-class, award-winning, leading, proud, recommended, smart, enjoy, enhance,
        enhanced, seamless, everyone else, most people say yes
    """),
    receivers=words("""
        partner, partners, affiliate, affiliates, third party, third parties, service provider, service providers,
        vendor, vendors, supplier, suppliers, advertisers, sponsors, subsidiaries, contractors, agencies,
        other companies, selected companies, companies we work with, resellers, other organisations,
        other organizations, group companies, our group, data brokers, and others, other firms, outside companies,
        companies we trust, trusted companies, selected firms, firms we trust, firms we work with, brands we work with
    """),
    numbers=numbers("""
        one 1, two 2, twice 2, three 3, four 4, five 5, six 6, seven 7, eight 8, nine 9, ten 10, eleven 11, twelve 12,
        eighteen 18, twenty 20, twenty-four 24, thirty 30, thirty-six 36, forty-eight 48, sixty 60, ninety 90
    """),
    units=_UNITS,
    spelled={
        **{"fortnight": (14, "D"), "half a year": (6, "M"), "half year": (6, "M")},
        # "2 offers a month" tells how often; only these tell how long
        **{f"{how} {a} {unit}": (1, _UNITS[unit]) for how in ("for", "within", "after") for a, unit in _ONE},
    },
    months=words("""
        january, february, march, april, may, june, july, august, september, october, november, december
    """),
    abbreviations=frozenset({"e.g.", "i.e.", "mr.", "mrs.", "ms.", "dr.", "no.", "ltd.", "inc.", "st."}),
    double_negatives=(
        r"\b(?:not|never|no|cannot|nobody|nothing|\w+n[’']t)\b[^.!?:;,]*\b(?:without|unless)\b"
        r"|\bunless\b[^.!?:;,]*\b(?:not|\w+n[’']t|never)\b"
        r"|\b(?:not|\w+n[’']t|cannot|never)\s+(?:(?!and\b|or\b|but\b)\w+\s+){0,2}(?:no|nothing|none|nobody|never|not)\b"
        r"|\b(?:not|never)\s+(?:un(?!der|til|ion|it|ique|cle|iform)\w+|impossible|illegal|irrelevant|inaccurate)\b"
    ),
    passive=_BE + rf"(?!(?:{_STATES})\b)(?:\w{{2,}}ed|{_IRREGULAR})\b",
    agent=r"\bby\b",
    delete=r"\b(?:delet|eras|destroy|wip(?=e|ing))\w*\b",
    you=r"\b[Yy]ou(?:rs?)?\b",
    we=r"\b(?:[Ww]e|[Uu]s|[Oo]urs?)\b",
    spared=r"\b(?:(?:in|by|of|since|until|\d)\s+(?-i:May)\b(?!\s+(?:we|you|not|be)\b)|(?-i:May)\s+\d)",
    repeated=r"\b(?:every|each|per)\s+\w+(?:\s+\w+)?|\baged?\s+\w+|\b\w+\s+years\s+(?:old|of\s+age)",
)
