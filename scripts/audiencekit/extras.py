"""Optional packages: which extra of pyproject.toml brings a package that is not installed."""

import re
from importlib.metadata import requires


def how_to_install(module: str | None) -> str | None:
    """One line that says how to get `module`; None if no extra of audiencekit brings it."""
    package = (module or "").partition(".")[0]
    # 'dev' has every extra in it: what brings the package alone comes first.
    for requirement in sorted(
        requires("audiencekit") or [], key=lambda line: "dev" in line.partition("extra")[2]
    ):
        name = re.match(r"[\w-]+", requirement)
        extra = re.search(r"extra == ['\"](\w+)['\"]", requirement)
        if name and extra and name[0].replace("-", "_") == package:
            return (
                f"{package} is not installed: this needs the extra '{extra[1]}'. "
                f"pip install 'audiencekit[{extra[1]}]', or `make setup-dev` in a clone."
            )
    return None
