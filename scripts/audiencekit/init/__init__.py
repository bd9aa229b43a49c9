"""`audiencekit init`: a small dbt project of one's own, on top of audiencekit as a package."""

import re
from pathlib import Path

from audiencekit import __version__
from audiencekit.dbt_project import PROFILE, link_package
from audiencekit.errors import UserError

TEMPLATE = Path(__file__).with_name("template")
# The names that the template has where a project has its own: of its folder, of its dbt project, of the version.
FOLDER_NAME, PROJECT_NAME, VERSION = "my-shop", "my_shop", "0.0.0"


def create_project(folder: Path) -> Path:
    """Write a new project into `folder`, which must be missing or empty, and link the installed audiencekit into it.

    Returns the folder. Raises UserError for a name that dbt does not take, and for a folder that cannot be used.
    """
    folder = folder.absolute()
    name = project_name(folder.name)
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UserError(f"{folder} is not an empty folder. Choose a new name, or empty it.")
        for path in sorted(TEMPLATE.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                target = folder / _target(path.relative_to(TEMPLATE))
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(_filled(path.read_text(encoding="utf-8"), folder.name, name))
        link_package(folder)
    except OSError as problem:
        raise UserError(f"{problem.filename or folder}: {problem.strerror}.") from None
    return folder


def project_name(folder_name: str) -> str:
    """The dbt project's name for a folder: my_shop for my-shop. Raises UserError where there is none."""
    name = folder_name.lower().replace("-", "_")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in (PROFILE, "dbt", "dbt_duckdb"):
        raise UserError(
            f"{folder_name!r} cannot be the name of a project. Write letters, digits and hyphens, as my-shop."
        )
    return name


def _target(path: Path) -> Path:
    """Where a file of the template goes. Names of hidden files begin with `dot-` there, so that git and pip keep them."""
    return Path(*(re.sub("^dot-", ".", part) for part in path.parts))


def _filled(text: str, folder_name: str, name: str) -> str:
    """A text of the template with the names of the new project."""
    for old, new in ((FOLDER_NAME, folder_name), (PROJECT_NAME, name), (VERSION, __version__)):
        text = text.replace(old, new)
    return text
