"""The channels of a segment: groups of channels are expanded, and a wrong name stops the build."""

from types import SimpleNamespace

import jinja2
import pytest
from workspaces import PROJECT

CHANNELS = [
    {"channel": "crm"},
    {"channel": "email", "groups": []},
    {"channel": "meta", "groups": ["ads", "social"]},
    {"channel": "tiktok", "groups": ["ads"]},
]


class CompilerError(Exception):
    """The error that stops a build."""


def expanded(names: list[str]) -> list[str]:
    """The list that macros/expanded_channels.sql returns."""
    values = []

    def stop(text: str):
        raise CompilerError(text)

    context = {
        "exceptions": SimpleNamespace(raise_compiler_error=stop),
        "return": values.extend,
        "names": names,
        "channels": CHANNELS,
    }
    text = (PROJECT / "macros" / "expanded_channels.sql").read_text()
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.from_string(
        text + "{{ expanded_channels(names, channels, 'seg_x: channels') }}"
    ).render(context)
    return values


def test_a_group_is_replaced_by_its_channels():
    assert expanded(["email", "ads", "crm"]) == ["crm", "email", "meta", "tiktok"]


def test_a_channel_that_is_named_twice_counts_once():
    assert expanded(["social", "meta", "ads"]) == ["meta", "tiktok"]


def test_an_unknown_name_stops_the_build_and_says_what_there_is():
    with pytest.raises(CompilerError) as error:
        expanded(["email", "facebook"])
    assert str(error.value) == (
        "seg_x: channels names 'facebook'. It is neither a channel (crm, email, meta, tiktok) "
        "nor a group of channels (ads, social)."
    )
