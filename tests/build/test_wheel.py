"""The wheel holds the whole dbt project and package, and asks for exactly what pyproject.toml pins."""

import re
import subprocess
import sys
import tomllib
import zipfile
from email import message_from_bytes
from itertools import chain
from pathlib import Path

import pytest

PARTS = {
    "scripts/audiencekit": "audiencekit",
    "adapters": "audiencekit/project/adapters",
    "analyses": "audiencekit/project/analyses",
    "charts": "audiencekit/project/charts",
    "macros": "audiencekit/project/macros",
    "models": "audiencekit/project/models",
    "seeds": "audiencekit/project/seeds",
    "tests/generic": "audiencekit/project/tests/generic",
    "tests/singular": "audiencekit/project/tests/singular",
}
FILES = ("dbt_charts.yml", "dbt_project.yml", "profiles.yml")


@pytest.fixture(scope="module")
def wheel(project, tmp_path_factory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
    subprocess.run(build, cwd=project, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        yield archive


def files_of(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("part", PARTS)
def test_every_file_of_the_project_is_in_the_wheel(wheel, project, part):
    expected = {f"{PARTS[part]}/{name}" for name in files_of(project / part)}
    assert expected
    assert expected - set(wheel.namelist()) == set()


def test_the_wheel_holds_nothing_else(wheel, project):
    expected = {
        f"{inside}/{name}" for part, inside in PARTS.items() for name in files_of(project / part)
    } | {f"audiencekit/project/{name}" for name in FILES}
    others = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert others == expected


def test_the_wheel_asks_for_the_pins_of_pyproject(wheel, project):
    pins = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    name = next(name for name in wheel.namelist() if name.endswith("METADATA"))
    metadata = message_from_bytes(wheel.read(name))
    requires = metadata.get_all("Requires-Dist")
    assert metadata["Version"] == pins["version"]
    assert {line for line in requires if "extra ==" not in line} == set(pins["dependencies"])
    assert all("==" in line for line in requires)
    for extra in pins["optional-dependencies"]:
        # 'dev' names the other extras, and the wheel lists their packages.
        asked = {line.split(";")[0] for line in requires if f"extra == '{extra}'" in line}
        named = {p for p in pins["optional-dependencies"][extra] if "audiencekit[" not in p}
        assert named <= asked


def test_the_locks_follow_the_pins(project):
    pins = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    extras = chain.from_iterable(pins["optional-dependencies"].values())
    wanted = {
        "requirements.txt": pins["dependencies"],
        "requirements-dev.txt": [*pins["dependencies"], *extras],
    }
    for lock, names in wanted.items():
        locked = {line.split(" ;")[0] for line in (project / lock).read_text().splitlines()}
        plain = {
            re.sub(r"\[.*\]", "", name) for name in names if not name.startswith("audiencekit[")
        }
        assert plain - locked == set()
