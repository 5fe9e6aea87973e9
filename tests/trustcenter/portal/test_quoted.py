"""Words that are not ours on a page of ours: parted as their own language parts them, and kept in its direction."""

from django.utils.translation import override

from consent.services.versions import Text
from trustcenter.portal.quoted import data, listed


def test_what_is_all_in_one_other_language_is_one_run_of_it():
    said = [Text("Your e-mail address", "en"), Text("What you buy", "en")]
    with override("ar"):
        assert data(said) == '<bdi lang="en">Your e-mail address; what you buy</bdi>'
    with override("en"):
        assert data(said) == "Your e-mail address; what you buy"


def test_what_is_in_several_languages_is_parted_as_the_page_parts_it():
    with override("ar"):
        assert listed(["أ", Text("One <b>", "en")]) == 'أ، <bdi lang="en">One &lt;b&gt;</bdi>'
