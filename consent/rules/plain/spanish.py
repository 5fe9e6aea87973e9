"""Spanish. Rests on the European Commission's «Cómo escribir con claridad», the INFLESZ scale (Barrio-Cantalejo 2008)
for what ease is enough, and ISO 24495-1. The figures await a native reader."""

from consent.rules.plain import scores, syllables
from consent.rules.plain.pack import Limits, Pack, Score, numbers, pairs, words

SPANISH = Pack(
    language="es",
    limits=Limits(),
    score=Score("Fernández Huerta", scores.fernandez_huerta, wanted=70, refused=60, harder=-1),
    # Everyday Spanish words run to four syllables (electrónico is five).
    long_word=lambda word: max(map(syllables.spanish, word.split("-"))) > 4,
    glossary=frozenset({"electrónico", "electrónica", "electrónicos", "automáticamente"}),
    jargon=pairs("""
        interesado = usted; interesados = usted; titular de los datos = usted; datos personales = sus datos;
        datos de carácter personal = sus datos; de conformidad con = según; en virtud de = según; a efectos de = para;
        con el fin de = para; con la finalidad de = para; finalidad = para qué; finalidades = para qué;
        responsable del tratamiento = nosotros; encargado del tratamiento = su nombre; tratamiento = uso;
        tratamos sus datos = usamos sus datos; interés legítimo = nuestro interés; base jurídica = por qué podemos;
        plazo de conservación = cuánto tiempo; previamente = antes; con anterioridad a = antes de;
        posteriormente = después; mencionado = este; no obstante = pero; perfilado = adivinar qué le gusta;
        elaboración de perfiles = adivinar qué le gusta; algoritmo = ordenador; optimizar = mejorar;
        seudonimizados = sin su nombre; consentimiento = sí; cesión = entrega; recabar = pedir; en el marco de = para
    """),
    vague=words("""
        quizá, quizás, tal vez, podría, podrían, podríamos, puede que, es posible que, posiblemente, a veces,
        en ocasiones, a menudo, algunos, algunas, algún, ciertos, ciertas, varios, varias, diversos, diversas,
        tales como, por ejemplo, entre otros, entre otras, incluyendo, etc, etcétera, de vez en cuando,
        si es necesario, cuando proceda, en su caso, generalmente, normalmente, el tiempo necesario, otros datos,
        otra información, otros fines, un tiempo
    """),
    pushy=words("""
        lamentablemente, por desgracia, desgraciadamente, lamentamos, lo sentimos, lástima, pena, no se pierda,
        no se lo pierda, perderá, se perderá, solo hoy, sólo hoy, última oportunidad, dese prisa, urgente,
        oferta limitada, ayúdenos, apóyenos, le necesitamos, por favor, gracias, está seguro, confíe en nosotros,
        no se preocupe, nos importa, mejor experiencia, el mejor, la mejor, los mejores, las mejores, exclusivo,
        exclusiva, exclusivos, exclusivas, único, única, fantástico, fantástica, increíble, maravilloso, perfecto,
        perfecta, disfrute, disfrutar, líder, orgullosos, inmejorable
    """),
    receivers=words("""
        socio, socios, terceros, tercero, terceras partes, proveedor, proveedores, afiliados, empresas afiliadas,
        filiales, filial, anunciantes, patrocinadores, colaboradores, otras empresas, empresas seleccionadas,
        empresas del grupo, nuestro grupo, otras entidades, otras compañías, prestadores de servicios
    """),
    address=dict.fromkeys(("tú", "tu", "tus", "te", "ti", "contigo", "vosotros", "vuestro", "vuestra"), "usted"),
    numbers=numbers("""
        un 1, una 1, uno 1, dos 2, tres 3, cuatro 4, cinco 5, seis 6, siete 7, ocho 8, nueve 9, diez 10, once 11,
        doce 12, veinte 20, veinticuatro 24, treinta 30, sesenta 60, noventa 90
    """),
    units={
        **{"hora": "h", "horas": "h", "día": "D", "días": "D", "semana": "W", "semanas": "W", "mes": "M", "meses": "M"},
        **{"año": "Y", "años": "Y"},
    },
    months=words("""
        enero, febrero, marzo, abril, mayo, junio, julio, agosto, septiembre, octubre, noviembre, diciembre
    """),
    abbreviations=frozenset({"sr.", "sra.", "dr.", "dra.", "ud.", "uds.", "ej.", "n.º", "núm.", "av.", "aprox."}),
    double_negatives=(
        r"\b(?:no|nunca|nadie)\b[^.!?:;,]*\bsin\b"
        r"|\b(?:a menos que|salvo que|salvo si)\b[^.!?;]*\bno\b|\bno\b[^.!?;]*\b(?:a menos que|salvo que|salvo si)\b"
        r"|\bno\s+(?:es|son|sea)\s+(?:imposible|ilegal|inexacto|incompatible|innecesario)s?\b"
    ),
    passive=r"\b(?:es|son|será|serán|fue|fueron|sido|ser)\s+(?:\w+mente\s+)?(?:\w{2,}[ai]d[oa]s?|vist[oa]s?)\b",
    agent=r"\bpor\b",
    delete=r"\b(?:borr|elimin|suprim|destru)\w*\b",
    you=r"\b(?:[Uu]sted(?:es)?|[Ss]us?|[Ll]es?)\b",
    we=r"\b(?:[Nn]osotros|[Nn]os|[Nn]uestr\w+)\b|\w+(?:amos|emos|imos)\b",
    repeated=r"\b(?:cada|al|por)\s+\w+(?:\s+\w+)?|\b(?:de|tener|tiene|menores de|mayores de)\s+\d+\s+años\b",
)
