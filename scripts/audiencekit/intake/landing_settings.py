"""landing.yml in a landing folder: what its files cannot say themselves.

currency: EUR                 # of all figures
time_zone: Europe/Berlin      # whose days, months and weekends count
files:
  orders.us*:                 # a file or a pattern, below the landing folder
    currency: USD             # of rows without a currency
    time_zone: America/Chicago  # of times without a zone
    decimal_comma: true       # 1.234,50 is 1234.50
    date_order: DMY           # 31.12.2017 and 31/12/2017; or MDY
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from audiencekit.errors import UserError
from audiencekit.intake.shop import currency_code, zone_name

NAME = "landing.yml"


def _yes_or_no(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise UserError(f"{text!r} is neither true nor false.")
    return text.lower() == "true"


def _date_order(text: str) -> str:
    if text.upper() not in ("DMY", "MDY"):
        raise UserError(f"{text!r} is neither DMY nor MDY.")
    return text.upper()


SHOP = {"currency": currency_code, "time_zone": zone_name}
FILE = SHOP | {"decimal_comma": _yes_or_no, "date_order": _date_order}


@dataclass(frozen=True)
class FileSettings:
    """What is known of a file: the currency of rows and the zone of times without one, how numbers and dates are written.

    `date_order` is DMY or MDY, or None for years first only.
    """

    currency: str | None = None
    time_zone: str | None = None
    decimal_comma: bool = False
    date_order: str | None = None


NO_SETTINGS = FileSettings()


@dataclass(frozen=True)
class LandingSettings:
    """A landing.yml. `shop` may name the reporting currency and the shop's zone; `files` is by pattern, in order."""

    shop: FileSettings = NO_SETTINGS
    files: tuple[tuple[str, FileSettings], ...] = ()

    def of(self, name: str) -> FileSettings:
        """What is known of the file `name`, its path in the landing folder. A later pattern overrides an earlier one."""
        found = NO_SETTINGS
        for pattern, settings in self.files:
            if fnmatchcase(name.lower(), pattern.lower()):
                given = {key: value for key, value in vars(settings).items() if value}
                found = replace(found, **given)
        return found


def read_settings(landing: Path) -> LandingSettings:
    """The settings in a landing folder; none without a landing.yml.

    Raises UserError, naming line and key, for anything that is not understood.
    """
    path = landing / NAME
    if not path.is_file():
        return LandingSettings()
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise UserError(
            f"{NAME}{where}: this is no YAML. Indent with spaces, as in docs/landing.md."
        ) from None
    shop: dict[str, Any] = {}
    files: list[tuple[str, FileSettings]] = []
    for key, value in _pairs(root, "the file"):
        if key.value == "files":
            files += [
                (
                    pattern.value,
                    FileSettings(
                        **dict(_setting(FILE, *pair) for pair in _pairs(inside, pattern.value))
                    ),
                )
                for pattern, inside in _pairs(value, "files")
            ]
        else:
            name, text = _setting(SHOP, key, value, "files")
            shop[name] = text
    return LandingSettings(FileSettings(**shop), tuple(files))


def check_patterns(settings: LandingSettings, names: list[str]) -> None:
    """Raise UserError for a pattern that names none of the files: its settings would silently not count."""
    for pattern, _ in settings.files:
        if not any(fnmatchcase(name.lower(), pattern.lower()) for name in names):
            raise UserError(
                f"{NAME}: {pattern} is no file of the landing folder. It has: {', '.join(names)[:300]}."
            )


def _pairs(node: yaml.Node | None, what: str) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
    if node is None:
        return []
    if not isinstance(node, yaml.MappingNode):
        raise UserError(
            f"{NAME}, line {node.start_mark.line + 1}: {what} must have keys with values."
        )
    return node.value


def _setting(
    known: Mapping[str, Callable[[str], Any]], key: yaml.ScalarNode, value: yaml.Node, *others: str
) -> tuple[str, Any]:
    """A setting with its checked value."""
    where = f"{NAME}, line {key.start_mark.line + 1}"
    if key.value not in known:
        raise UserError(
            f"{where}: {key.value} is unknown. There are: {', '.join((*known, *others))}."
        )
    if not isinstance(value, yaml.ScalarNode):
        raise UserError(f"{where}: {key.value} must be one value.")
    try:
        return key.value, known[key.value](value.value)
    except UserError as problem:
        raise UserError(f"{where}, {key.value}: {problem}") from None
