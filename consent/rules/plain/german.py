"""German. Rests on DIN 8581-1 (Einfache Sprache), DIN ISO 24495-1 and the European Commission's „Klar und deutlich
schreiben“. Words may be long in German, so letters count, not syllables. The figures await a native reader."""

from consent.rules.plain import scores
from consent.rules.plain.pack import Limits, Pack, Score, numbers, pairs, words

GERMAN = Pack(
    language="de",
    limits=Limits(sentence=20, average=12),
    score=Score("Wiener Sachtextformel 1", scores.wiener, wanted=6, refused=8),
    long_word=lambda word: max(map(len, word.split("-"))) > 14,
    glossary=frozenset({"telefonnummern", "aufenthaltsorte", "bestellnummern"}),
    jargon=pairs("""
        betroffene person = Sie; betroffener = Sie; betroffenen = Sie; personenbezogene daten = Ihre Daten;
        personenbezogenen daten = Ihre Daten; gemäß = nach; hinsichtlich = zu; bezüglich = zu; zwecks = für;
        mittels = mit; seitens = von; im rahmen = bei; verarbeitung = Nutzung; verarbeitet = genutzt;
        verarbeiten = nutzen; verantwortlicher = wir; verantwortliche = wir;
        berechtigtes interesse = unser eigenes Interesse; berechtigten interesses = unser eigenes Interesse;
        rechtsgrundlage = warum wir das dürfen; speicherdauer = wie lange wir sie behalten; übermitteln = senden;
        übermittelt = gesendet; einwilligung = Ja; widerrufen = Nein sagen; profiling = raten, was Ihnen gefällt;
        algorithmus = Computer; vorgenannten = diese; nachstehend = hier; unverzüglich = sofort; etwaige =;
        optimieren = verbessern; auftragsverarbeiter = der Name der Firma; pseudonymisiert = ohne Ihren Namen
    """),
    vague=words("""
        möglicherweise, eventuell, vielleicht, unter umständen, gegebenenfalls, ggf, könnte, könnten, manchmal,
        gelegentlich, oft, häufig, meist, in der regel, einige, einigen, manche, bestimmte, gewisse, verschiedene,
        diverse, mehrere, etwa, zum beispiel, z. b., unter anderem, u. a., usw, etc, und so weiter, und ähnliches,
        insbesondere, von zeit zu zeit, bei bedarf, soweit nötig, so lange wie nötig, solange erforderlich, sonstige,
        weitere daten, weitere zwecke
    """),
    pushy=words("""
        leider, bedauern, bedauerlich, bedauerlicherweise, schade, entschuldigung, traurig, enttäuscht, verpassen,
        entgehen, verlieren sie, nur heute, nur noch heute, letzte chance, jetzt zustimmen, beeilen, schnell sein,
        dringend, helfen sie uns, unterstützen sie uns, wir brauchen sie, bitte, sind sie sicher, vertrauen sie uns,
        keine sorge, am herzen, danke, vielen dank, beste, besten, bestes, einzigartig, einzigartige, exklusiv,
        exklusive, exklusiven, toll, tolle, großartig, großartige, wunderbar, fantastisch, perfekt, perfekte,
        perfekten, genießen, führend, stolz
    """),
    receivers=words("""
        partner, partnern, partnerunternehmen, dritte, dritten, dritter, dienstleister, dienstleistern, drittanbieter,
        drittanbietern, verbundene unternehmen, verbundenen unternehmen, konzernunternehmen, lieferanten,
        werbetreibende, sponsoren, tochterunternehmen, anbieter, anbietern, andere firmen, anderen firmen,
        andere unternehmen, anderen unternehmen, ausgewählte firmen, werbepartner, werbepartnern, geschäftspartner,
        geschäftspartnern, kooperationspartner, kooperationspartnern
    """),
    address=dict.fromkeys(("du", "dich", "dir", "dein", "deine", "deinen", "deinem", "deiner", "euch", "euer"), "Sie"),
    numbers=numbers("""
        ein 1, eine 1, einem 1, einer 1, einen 1, eines 1, zwei 2, zweimal 2, drei 3, vier 4, fünf 5, sechs 6,
        sieben 7, acht 8, neun 9, zehn 10, elf 11, zwölf 12, zwanzig 20, vierundzwanzig 24, dreißig 30,
        achtundvierzig 48, sechzig 60, neunzig 90
    """),
    units={
        **{"stunde": "h", "stunden": "h", "tag": "D", "tage": "D", "tagen": "D", "woche": "W", "wochen": "W"},
        **{"monat": "M", "monate": "M", "monaten": "M", "monats": "M", "jahr": "Y", "jahre": "Y", "jahren": "Y"},
    },
    months=words("""
        januar, februar, märz, april, mai, juni, juli, august, september, oktober, november, dezember
    """),
    abbreviations=frozenset(
        {"z.", "b.", "d.", "h.", "u.", "a.", "bzw.", "ca.", "nr.", "dr.", "str.", "hr.", "fr.", "inkl."}
    ),
    double_negatives=(
        r"\b(?:nicht|nie|niemals|kein\w*|niemand|nichts)\b[^.!?:;,]*\bohne\b"
        r"|\b(?:nicht|kein\w*|niemand|nie)\b[^.!?;]*\b(?:es sei denn|außer wenn)\b"
        r"|\b(?:es sei denn|außer wenn)\b[^.!?;]*\b(?:nicht|kein\w*|nie)\b"
        r"|\bnicht\s+(?:un(?!d|s|ter|t|serer?|seren?)\w+|kein\w*|nichts|nie)\b|\bkein\w*\s+\w+\s+nicht\b"
    ),
    passive=(
        r"\b(?:wird|werden|wurde|wurden|worden)\b[^.!?,;]*?"
        r"\b(?:\w*ge\w{2,}(?:t|en)|(?:ver|be|er|ent)\w{3,}t|\w+iert)\b(?=[.,!?;]|$| und)"
    ),
    agent=r"\b(?:von|vom|durch)\b",
    delete=r"\b(?:lösch|gelöscht|vernicht|entfern)\w*\b",
    you=r"\b(?:Sie|Ihnen|Ihr\w{0,2})\b",
    we=r"\b(?:[Ww]ir|[Uu]ns\w*)\b",
    spared=r"\bdritte[nrs]?\s+(?:tag|woche|monat|mal|jahr|fahrt)\w*",
    repeated=r"\b(?:alle|jede[nrs]?|pro|je)\s+\w+(?:\s+\w+)?|\b\w+\s+jahre\s+alt|\b(?:ab|unter|über)\s+\d+\s+jahren?",
)
