"""What boards answer before anything is published, and how a page that loads something is noticed."""

import re

import pytest

from audiencekit.errors import UserError
from audiencekit.pages.boards import draw_boards
from audiencekit.workspace import Workspace

# What a page could load from elsewhere. Links that a person clicks load nothing.
LOADS = re.compile(
    r"""(?:src|srcset)\s*=\s*["']?https?:|<link[^>]+href=["']https?:|url\(["']?https?:|@import"""
)


def test_a_page_that_loads_something_would_be_noticed():
    for text in (
        '<img src="https://x.org/a.png">',
        "@import 'a.css'",
        "url(https://x.org/f.woff2)",
    ):
        assert LOADS.search(text)
    assert not LOADS.search('<a href="https://x.org">x</a>')


def test_before_anything_is_published_it_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match=r"Nothing is published yet\. Run `make demo`"):
        draw_boards(Workspace(tmp_path))
