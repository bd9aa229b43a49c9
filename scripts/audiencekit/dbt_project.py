"""The dbt project in use: audiencekit's, or a project of one's own that has audiencekit as a package."""

import re
from pathlib import Path
from typing import Any

import yaml

from audiencekit.errors import UserError

# The wheel contains audiencekit's dbt project; in a clone it is the repository.
_PACKAGED = Path(__file__).resolve().with_name("project")
PROJECT = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).resolve().parents[2]
PROFILE = "audiencekit"
# Within a project of one's own, where its packages.yml and dbt look for audiencekit: links, which git does not keep.
LINK, PACKAGE = Path(".audiencekit"), Path("dbt_packages", "audiencekit")


def own_project(folder: Path) -> Path | None:
    """The project of one's own at `folder`, or else at the nearest folder above it that has a dbt_project.yml.

    It has another name than audiencekit, and the profile audiencekit.
    """
    for place in (folder, *folder.parents):
        path = place / "dbt_project.yml"
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            is_own = _line(text, "profile") == PROFILE and _line(text, "name") != PROFILE
            return place if is_own else None
    return None


def _line(text: str, key: str) -> str:
    """The value of a key at the top of a YAML file, which may be broken further down."""
    found = re.search(rf"^{key}:[ \t]*['\"]?([\w-]+)", text, re.MULTILINE)
    return found[1] if found else ""


# A process works with the project that it was started in.
OWN_PROJECT = own_project(Path.cwd())
PROJECT_IN_USE = OWN_PROJECT or PROJECT
IS_CLONE = PROJECT_IN_USE == PROJECT != _PACKAGED


def project_vars(own: Path | None = OWN_PROJECT) -> dict[str, Any]:
    """The settings: the vars of audiencekit's dbt_project.yml, with those of one's own project instead.

    Raises UserError, naming the line, for a dbt_project.yml that cannot be read.
    """
    settings = _vars(PROJECT)
    if own:
        given = _vars(own)
        settings |= {name: value for name, value in given.items() if not isinstance(value, dict)}
        settings |= given.get(PROFILE, {})
    return settings


def _vars(project: Path) -> dict[str, Any]:
    path = project / "dbt_project.yml"
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")).get("vars") or {}
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise UserError(f"{path}{where}: this is no YAML.") from None


def seed_file(name: str, own: Path | None = OWN_PROJECT) -> Path:
    """The CSV file of a seed: that of one's own project, or else audiencekit's."""
    mine = sorted((own / "seeds").rglob(f"{name}.csv")) if own else []
    return mine[0] if mine else PROJECT / "seeds" / f"{name}.csv"


def link_package(own: Path) -> None:
    """Link the audiencekit that is installed here into a project of one's own, as `dbt deps` does by its packages.yml.

    Another environment or another version may have been linked before.
    """
    _link(own / LINK, PROJECT)
    (own / PACKAGE).parent.mkdir(exist_ok=True)
    _link(own / PACKAGE, Path("..") / LINK)


def _link(link: Path, target: Path) -> None:
    """Make `link` lead to `target`, in one step. Raises UserError where something else has its name."""
    if link.exists() and link.resolve() == PROJECT:
        return
    if link.exists() and not link.is_symlink():
        raise UserError(f"{link} is in the way of the link to audiencekit. Remove it.")
    new = link.with_name(f"{link.name}-new")
    new.unlink(missing_ok=True)
    new.symlink_to(target, target_is_directory=True)
    new.replace(link)
