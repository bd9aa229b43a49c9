"""What the YAML of a bandit may leave out, and what stops a build."""

import re
from types import SimpleNamespace

import jinja2
import pytest


class Refused(Exception):
    """What stops a build."""


def properties(project, *segments: dict) -> list[dict]:
    """What macros/bandit_properties.sql makes of segments' YAML."""

    def refuse(text: str):
        raise Refused(text)

    found = []
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    text = (project / "macros" / "bandit_properties.sql").read_text()
    context = {
        "segment_properties": lambda: segments,
        "exceptions": SimpleNamespace(raise_compiler_error=refuse),
        "return": found.extend,
        "modules": SimpleNamespace(re=re),
    }
    environment.from_string(text + "{{ bandit_properties() }}").render(context)
    return found


def segment(code: str = "one", holdout=None, channels=("email",), **bandit) -> dict:
    bandit_settings = {"experiment": f"{code}_offer", "variants": ["b", "a"]} | bandit
    holdout = {"experiment": f"{code}_held", "share": 0.1} if holdout is None else holdout
    return {"code": code, "holdout": holdout, "channels": channels, "bandit": bandit_settings}


def test_what_yaml_leaves_out_has_a_default(project):
    (found,) = properties(project, segment(), {"code": "other"})
    assert found == {
        **{"experiment": "one_offer", "segment": "one", "variants": ["a", "b"], "days": 14},
        **{"outcome": "purchased", "floor": 0.1, "memory_days": 180},
    }


@pytest.mark.parametrize(
    ("segments", "message"),
    [
        ([segment(holdout={})], "seg_one: bandit needs a holdout"),
        ([segment(experiment="one_held")], "seg_one: bandit.experiment"),
        ([segment(channels=["crm"])], "seg_one: bandit needs email or website"),
        ([segment(variants=["a"])], "seg_one: bandit.variants is a list of two or more"),
        ([segment(variants=["a", "a"])], "seg_one: bandit.variants is a list of two or more"),
        ([segment(variants="ab")], "seg_one: bandit.variants is a list of two or more"),
        ([segment(variants=["20% off", "a"])], "bandit.variants has '20% off'; a name consists of"),
        ([segment(days=0)], "bandit.days is 0; it is a whole number of days"),
        ([segment(memory_days="long")], "bandit.memory_days is long; it is a whole number of days"),
        ([segment(floor="0.1")], "bandit.floor is 0.1; it is a number"),
        ([segment(outcome="opened")], "bandit.outcome is 'opened'; it is purchased or clicked"),
        ([segment(floor=0)], "bandit.floor is 0;"),
        ([segment(floor=0.51)], "bandit.floor is 0.51;"),
        ([segment(), segment("two", experiment="one_offer")], "Two bandits have one name"),
    ],
)
def test_a_bandit_that_could_not_be_read_stops_the_build(project, segments, message):
    with pytest.raises(Refused, match=re.escape(message)):
        properties(project, *segments)
