"""What pages have in common: words that no line may tear apart."""

import pytest

from trustcenter.templatetags.pages import whole

pytestmark = pytest.mark.once
KEPT = '<span class="whole">{}</span>'


@pytest.mark.parametrize("word", ["e-mail", "E-Mail"])
def test_the_word_is_kept_whole_in_what_is_read(word):
    kept = KEPT.format(word)
    assert whole(f"<p>Your {word}. Our {word}s</p>") == f"<p>Your {kept}. Our {kept}s</p>"
    assert whole(f"<b>{word}</b>-Adresse") == f"<b>{kept}</b>-Adresse"


@pytest.mark.parametrize(
    "page",
    [
        '<a href="mailto:e-mail@example.org" title="Your e-mail">x</a>',
        "<option>Your e-mail</option>",
        "<textarea>My e-mail\nis wrong</textarea>",
        "<svg><text>By e-mail</text><title>By e-mail</title></svg>",
        "<p>Re-mailed, gemail</p>",
    ],
)
def test_nothing_else_is_touched(page):
    assert whole(page) == page
