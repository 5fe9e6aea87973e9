"""Which words were shown: a choice is tied to a published text, or says that it is not."""

from datetime import datetime

from django.db import models

from consent.errors import Field, Invalid, NoticeSuperseded
from consent.models import NoticeText, Purpose, PurposeVersion
from consent.rules import bases, lifecycle
from consent.rules.choice import CLOCK_SKEW, Choice
from consent.services import catalogue


def shown(choice: Choice, purpose: Purpose, collected_at: datetime) -> tuple[NoticeText | None, bool]:
    """The words that were shown, and whether that is our assumption. Raises Invalid."""
    if choice.imported and choice.version and not choice.notice_digest:
        return None, True
    needed = choice.act in lifecycle.YES and not choice.imported
    if choice.notice_digest:
        notice = _by_digest(choice.notice_digest, purpose)
        if notice is None:
            raise Invalid(Field("/notice_digest", "unknown", "No text of this purpose with this digest was published."))
        if choice.language and notice.language != choice.language:
            raise Invalid(Field("/language", "mismatch", f"The text with this digest is in {notice.language}."))
        early = notice.version.published_at and collected_at < notice.version.published_at - CLOCK_SKEW
        if early and needed:
            raise Invalid(Field("/collected_at", "before_publication", "This text was not published then."))
        return notice, False
    notice = _in_force(choice.language, purpose, collected_at)
    if needed:
        _require(choice, purpose, notice)
    return notice, notice is not None


def version(choice: Choice, purpose: Purpose, notice: NoticeText | None) -> PurposeVersion:
    """The version that a choice is about. Raises Invalid, NoticeSuperseded."""
    current = purpose.current
    if current is None:
        raise Invalid(Field("/purpose", "unknown", "No such purpose was ever published."))
    if choice.imported and choice.version and notice is None:
        found = purpose.versions.filter(number=choice.version, published_at__isnull=False).first()
        if found is None:
            raise Invalid(Field("/version", "unknown", "No such version of this purpose was published."))
        return found
    if choice.act not in lifecycle.YES:
        return notice.version if notice else current
    if notice is None:
        return purpose.versions.filter(published_at__isnull=False).order_by("number")[0]
    if notice.version.number < current.material_number and not choice.imported:
        raise NoticeSuperseded()
    return notice.version


def _published(purpose: Purpose) -> models.QuerySet[NoticeText]:
    return NoticeText.objects.filter(
        version__purpose=purpose, version__published_at__isnull=False, approved_at__isnull=False
    ).select_related("version")


def _by_digest(digest: str, purpose: Purpose) -> NoticeText | None:
    current = catalogue.notices(purpose.current) if purpose.current else {}
    return {row.digest: row for row in current.values()}.get(digest) or _published(purpose).filter(
        digest=digest
    ).first()


def _in_force(language: str, purpose: Purpose, moment: datetime) -> NoticeText | None:
    """The newest words in a language by a moment: nearly always those of the current version, which need no look-up."""
    current = purpose.current
    if current and current.published_at and current.published_at <= moment:
        notice = catalogue.notices(current).get(language)
        if notice:
            return notice
    by_then = _published(purpose).filter(language=language, version__published_at__lte=moment)
    return by_then.order_by("-version__number").first()


def _require(choice: Choice, purpose: Purpose, notice: NoticeText | None) -> None:
    """A yes is tied to words; an explicit one to the very words, by digest (GDPR Art. 7(1), 9(2)(a))."""
    if purpose.current and purpose.current.legal_basis == bases.EXPLICIT_CONSENT:
        detail = "Explicit consent names the text that was shown; see GET /api/v1/purposes."
        raise Invalid(Field("/notice_digest", "required", detail))
    languages = sorted(set(_published(purpose).values_list("language", flat=True))) if notice is None else []
    if notice is None and choice.language not in languages:
        detail = f"This purpose has texts in {', '.join(languages)} only, so nobody can have read one in this language."
        raise Invalid(Field("/language", "no_text", detail))
    if notice is None:
        raise Invalid(Field("/collected_at", "before_publication", "No text of this purpose was in force then."))
