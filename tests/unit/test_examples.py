"""The examples of schedules: they are whole, and call commands with options that there are."""

import ast
import configparser
import re
from pathlib import Path

import pytest

from audiencekit.cli import cli
from audiencekit.workspace import PROJECT

EXAMPLES = PROJECT / "examples"
FILES = sorted(path for path in EXAMPLES.rglob("*") if path.is_file() and path.suffix != ".pyc")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_example_can_be_read_by_what_it_is_for(path: Path):
    if path.suffix == ".py":
        assert ast.parse(path.read_text()).body
    elif path.suffix in (".service", ".timer"):
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str
        unit.read_string(path.read_text())
        assert "Unit" in unit and {"Service", "Timer"} & set(unit)
    else:
        lines = [line for line in path.read_text().splitlines() if line and line[0] != "#"]
        jobs = [line for line in lines if not re.match(r"[A-Z_]+=", line)]
        assert jobs and all(re.match(r"(\S+\s+){5}[a-z]", line) for line in jobs)


def commands_in(text: str) -> list[list[str]]:
    """The words of each call of the command line in a text."""
    calls = re.findall(r"audiencekit (\w+ [^\n'`]*)", text)
    calls += [
        " ".join(re.findall(r'"(\w+)"', call))
        for call in re.findall(r"_command\(context, ([^)]*)", text)
    ]
    return [call.split() for call in calls if call]


def test_every_example_calls_commands_that_there_are_with_options_that_they_have():
    called = set()
    for path in FILES:
        for name, *words in commands_in(re.sub(r"#[^\n]*", "", path.read_text())):
            if name not in cli.commands:
                continue
            options = {o for each in cli.commands[name].params for o in each.opts}
            assert {word for word in words if word.startswith("--")} <= options, (path, words)
            called.add((path.parent.name, name))
    assert {folder for folder, name in called if name == "refresh"} == {
        "airflow",
        "cron",
        "dagster",
        "systemd",
    }
