"""One plain sentence for each reason code, in every language of the brand."""

SENTENCES: dict[str, dict[str, str]] = {
    "permitted": {"en": "This use is allowed.", "zh-hans": "允许这样使用。"},
    "not_permitted": {"en": "This use is not allowed.", "zh-hans": "不允许这样使用。"},
    "unknown_purpose": {"en": "No such purpose was ever published.", "zh-hans": "没有发布过这项用途。"},
    "purpose_retired": {"en": "This purpose is no longer in use.", "zh-hans": "这项用途已经停用。"},
    "unknown_customer": {"en": "We know no such customer.", "zh-hans": "我们没有这位顾客。"},
    "processing_limited": {
        "en": "The customer asked us to limit the use of their data.",
        "zh-hans": "顾客要求我们限制使用其数据。",
    },
    "recipient_not_named": {
        "en": "The notice for this purpose does not name this recipient.",
        "zh-hans": "这项用途的说明没有列出这个接收方。",
    },
    "category_not_named": {
        "en": "The notice for this purpose does not name this data.",
        "zh-hans": "这项用途的说明没有列出这类数据。",
    },
    "no_consent": {"en": "The customer never said yes to this.", "zh-hans": "顾客从未同意这项用途。"},
    "consent_requested": {
        "en": "The customer was asked and has not answered.",
        "zh-hans": "已经询问，顾客还没有回答。",
    },
    "consent_refused": {"en": "The customer said no.", "zh-hans": "顾客拒绝了。"},
    "consent_withdrawn": {"en": "The customer turned this off.", "zh-hans": "顾客已关闭这项用途。"},
    "consent_revoked": {"en": "We ended this consent.", "zh-hans": "我们终止了这项同意。"},
    "consent_invalidated": {"en": "This consent was found not valid.", "zh-hans": "这项同意已被认定无效。"},
    "consent_expired": {"en": "The customer's yes has run out.", "zh-hans": "顾客的同意已经到期。"},
    "consent_paused": {"en": "The customer paused this.", "zh-hans": "顾客暂停了这项用途。"},
    "notice_changed": {
        "en": "The purpose changed since the customer said yes, so it is off until they choose.",
        "zh-hans": "同意之后用途有了变化，在顾客选择之前保持关闭。",
    },
    "guardian_needed": {
        "en": "The customer is a child, and no guardian has said yes.",
        "zh-hans": "顾客未成年，监护人还没有同意。",
    },
    "gpc_opt_out": {
        "en": "The customer's browser asks us not to sell or share their data.",
        "zh-hans": "顾客的浏览器要求不出售或共享其数据。",
    },
    "recipient_not_chosen": {
        "en": "The customer did not choose to share with this recipient.",
        "zh-hans": "顾客没有选择与这个接收方共享。",
    },
    "category_not_chosen": {
        "en": "The customer did not choose to share this data.",
        "zh-hans": "顾客没有选择共享这类数据。",
    },
    "objected": {"en": "The customer said no to this.", "zh-hans": "顾客反对这项用途。"},
}


def sentence(code: str, language: str = "en") -> str:
    """The sentence of a reason code; English where the language has none."""
    texts = SENTENCES[code]
    return texts.get(language, texts["en"])
