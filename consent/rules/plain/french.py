"""French. Rests on the European Commission's « Rédiger clairement » and ISO 24495-1. The figures await a native
reader."""

from consent.rules.plain import scores, syllables
from consent.rules.plain.pack import Limits, Pack, Score, numbers, pairs, words

FRENCH = Pack(
    language="fr",
    limits=Limits(),
    score=Score("Flesch (Kandel, Moles)", scores.kandel_moles, wanted=60, refused=50, harder=-1),
    long_word=lambda word: max(map(syllables.french, word.replace("’", "'").replace("'", "-").split("-"))) > 3,
    glossary=frozenset(
        {
            *("informations", "information", "publicité", "électronique", "téléphonique", "sécurité", "remboursements"),
            # What we ask people to write instead of jargon: ordinateur, améliorer, utiliser.
            *("ordinateur", "ordinateurs", "améliorer", "améliorons", "utiliser", "utilisons", "utilisé", "utilisés"),
        }
    ),
    jargon=pairs("""
        personne concernée = vous; personnes concernées = vous; données à caractère personnel = vos données;
        données personnelles = vos données; conformément à = selon; en vertu de = selon; afin de = pour;
        responsable du traitement = nous; sous-traitant = son nom; sous-traitants = leurs noms; traitement = usage;
        traitements = usages; traitées = utilisées; intérêt légitime = notre intérêt;
        base légale = pourquoi nous en avons le droit; durée de conservation = combien de temps;
        préalablement = avant; ultérieurement = plus tard; ci-dessous = ici; susmentionné = ce; nonobstant = malgré;
        dans le cadre de = pour; notamment aux fins = pour; finalité = but; finalités = buts;
        profilage = deviner ce que vous aimez; algorithme = ordinateur; optimiser = améliorer;
        pseudonymisées = sans votre nom; consentement = oui; à l'issue de = après
    """),
    vague=words("""
        peut-être, pourrait, pourraient, pourrions, éventuellement, le cas échéant, parfois, souvent, quelquefois,
        certains, certaines, quelques, plusieurs, divers, diverses, notamment, tels que, telles que, telle que,
        par exemple, entre autres, y compris mais sans s'y limiter, etc, et ainsi de suite, de temps en temps,
        de temps à autre, si nécessaire, au besoin, en général, généralement, habituellement,
        aussi longtemps que nécessaire, autres données, autres informations, autres fins, un certain temps
    """),
    pushy=words("""
        malheureusement, hélas, regret, regretter, regrettons, dommage, désolé, désolés, triste, ne manquez pas,
        ne ratez pas, passer à côté, vous perdez, vous perdrez, aujourd'hui seulement, dernière chance, vite,
        dépêchez-vous, urgent, offre limitée, aidez-nous, soutenez-nous, nous avons besoin de vous, s'il vous plaît,
        veuillez, merci, êtes-vous sûr, faites-nous confiance, rassurez-vous, nous tient à cœur, meilleur, meilleure,
        meilleurs, meilleures, exclusif, exclusive, exclusifs, exclusives, unique, formidable, fantastique,
        incroyable, merveilleux, parfait, parfaite, profitez, profiter, fiers, privilégié, privilégiés
    """),
    receivers=words("""
        partenaire, partenaires, tiers, tierces parties, prestataire, prestataires, fournisseurs, fournisseur,
        filiale, filiales, sociétés affiliées, affiliés, annonceurs, sponsors, autres sociétés, autres entreprises,
        notre groupe, sociétés du groupe, sociétés sélectionnées, entreprises sélectionnées, autres organismes
    """),
    address=dict.fromkeys(("tu", "te", "toi", "ton", "ta", "tes"), "vous"),
    numbers=numbers("""
        un 1, une 1, deux 2, trois 3, quatre 4, cinq 5, six 6, sept 7, huit 8, dix 10, onze 11, douze 12, vingt 20,
        vingt-quatre 24, trente 30, soixante 60
    """),
    units={
        **{"heure": "h", "heures": "h", "jour": "D", "jours": "D", "semaine": "W", "semaines": "W", "mois": "M"},
        **{"an": "Y", "ans": "Y", "année": "Y", "années": "Y"},
    },
    months=words("""
        janvier, février, mars, avril, mai, juin, juillet, août, septembre, octobre, novembre, décembre
    """),
    abbreviations=frozenset({"m.", "mme.", "dr.", "ex.", "n°.", "p.", "av.", "env."}),
    double_negatives=(
        r"\bn(?:e\s+|['’])\w+\s+(?:pas|jamais|rien|aucun\w*)\b[^.!?:;,]*\bsans\b"
        r"|\b(?:sauf si|à moins que|à moins de)\b[^.!?;]*\bn(?:e\s+|['’])\w+\s+pas\b"
        r"|\bn(?:e\s+|['’])\w+\s+pas\b[^.!?;]*\b(?:sauf si|à moins que|à moins de)\b"
        r"|\bpas\s+(?:impossible|inexact\w*|illégal\w*|inutile\w*|incompatible\w*)\b"
    ),
    passive=r"(?<!\bs['’])\b(?:est|sont|sera|seront|était|étaient|été|être)\s+(?:\w+ment\s+)?(?!(?:fermé|intéressé|obligé|situé)e?s?\b)(?:\w{2,}é(?:e|s|es)?|mis|transmis\w*|vendu\w*|vues?|lues?)\b",
    agent=r"\bpar\b",
    delete=r"\b(?:supprim|effa[cç]|détrui)\w*\b",
    you=r"\b(?:[Vv]ous|[Vv]os|[Vv]otre)\b",
    we=r"\b(?:[Nn]ous|[Nn]os|[Nn]otre)\b",
    spared=r"\b(?:un|deux) tiers\b",
    repeated=r"\b(?:tou(?:te)?s les|chaque|par)\s+\w+(?:\s+\w+)?|\b(?:âgée?s? de|moins de|plus de|dès)\s+\w+\s+ans\b",
)
