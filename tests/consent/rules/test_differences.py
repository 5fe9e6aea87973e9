"""Two texts and two lists side by side."""

from hypothesis import given
from hypothesis import strategies as st

from consent.rules.differences import Part, lists, texts


def test_words_that_changed_are_marked_and_the_others_are_not():
    assert texts("About 2 offers a month", "About 3 offers a month") == (
        Part("About "),
        Part("2 ", "gone"),
        Part("3 ", "new"),
        Part("offers a month"),
    )


def test_chinese_is_compared_clause_by_clause():
    found = texts("每月约 2 次优惠，价格更低", "每月约 3 次优惠，价格更低")
    assert found == (Part("每月约 2 次优惠，", "gone"), Part("每月约 3 次优惠，", "new"), Part("价格更低"))


def test_of_lists_the_things_themselves_are_marked():
    assert lists(["a", "b"], ["a", "c"]) == (Part("a"), Part("c", "new"), Part("b", "gone"))


@given(st.text(max_size=60), st.text(max_size=60))
def test_what_is_not_gone_is_the_later_text_and_what_is_not_new_is_the_earlier_one(old, new):
    found = texts(old, new)
    assert "".join(part.text for part in found if part.kind != "gone") == new
    assert "".join(part.text for part in found if part.kind != "new") == old
