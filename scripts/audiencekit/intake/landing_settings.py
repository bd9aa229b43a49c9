"""landing.yml in a landing folder: what its files cannot say themselves. docs/landing.md has an example."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from audiencekit.dbt_project import OWN_PROJECT
from audiencekit.errors import UserError
from audiencekit.intake.landing_keys import FILE, SHOP, Setting, key_given_twice

NAME = "landing.yml"


@dataclass(frozen=True)
class FileSettings:
    """What is known of a file: the currency of rows and the zone of times without one, how numbers and dates are written.

    `date_order` is DMY or MDY, or None for years first only. `table` is the table that the file is, whatever its name, `adapter` the one that reads it.
    `source` is the prefix of ids, `encoding` that of text. `columns` gives headers the name of a column, `values` has by
    column what its values mean, `leave_out` by header the values whose rows do not count, `ignore` the headers that say nothing that matters.
    """

    currency: str | None = None
    time_zone: str | None = None
    decimal_comma: bool | None = None
    date_order: str | None = None
    table: str | None = None
    adapter: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    source: str | None = None
    encoding: str | None = None
    leave_out: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()


NO_SETTINGS = FileSettings()


@dataclass(frozen=True)
class LandingSettings:
    """A landing.yml. `shop` may name the reporting currency and the shop's zone; `files` is by pattern, in order."""

    shop: FileSettings = NO_SETTINGS
    files: tuple[tuple[str, FileSettings], ...] = ()

    def of(self, name: str) -> FileSettings:
        """What is known of the file `name`, its path in the landing folder. A later pattern overrides an earlier one, name by name."""
        found = NO_SETTINGS
        for pattern, settings in self.files:
            if fnmatchcase(name.lower(), pattern.lower()):
                given = {
                    key: getattr(found, key) | value if isinstance(value, dict) else value
                    for key, value in vars(settings).items()
                    if value not in (None, {}, ())
                }
                found = replace(found, **given)
        return found


NO_LANDING_SETTINGS = LandingSettings()


def settings_file(landing: Path, own: Path | None = OWN_PROJECT) -> Path:
    """The landing.yml of a landing folder: there, or else in the project of one's own. It may be missing."""
    path = landing / NAME
    return own / NAME if own and not path.exists() else path


def read_settings(landing: Path) -> LandingSettings:
    """The settings for a landing folder; none without a landing.yml.

    Raises UserError, naming line and key, for anything that is not understood.
    """
    path = settings_file(landing)
    if others := [p.name for p in _entries(landing) if p.name.lower() in (NAME, "landing.yaml")]:
        raise UserError(f"{others[0]}: call it {NAME}, or it is not read.")
    try:
        if not path.is_file():
            return NO_LANDING_SETTINGS
        root = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    except OSError as problem:
        raise UserError(f"{problem.filename}: cannot be read ({problem.strerror}).") from None
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
                        **dict(_setting(FILE, *pair) for pair in _file_pairs(inside, pattern.value))
                    ),
                )
                for pattern, inside in _pairs(value, "files")
            ]
        else:
            name, text = _setting(SHOP, key, value, "files")
            shop[name] = text
    return LandingSettings(FileSettings(**shop), tuple(files))


def _entries(landing: Path) -> list[Path]:
    """What a folder holds, but for landing.yml; nothing where it cannot be read."""
    try:
        return [path for path in landing.iterdir() if path.name != NAME]
    except OSError:
        return []


def check_patterns(settings: LandingSettings, names: list[str]) -> None:
    """Raise UserError for a pattern that names none of the files: its settings would silently not count."""
    for pattern, of_files in settings.files:
        if of_files != NO_SETTINGS and not any(
            fnmatchcase(name.lower(), pattern.lower()) for name in names
        ):
            raise UserError(
                f"{NAME}: {pattern} is no file of the landing folder. It has: {', '.join(names)[:300]}."
            )


def check_values(settings: LandingSettings, columns: Mapping[str, Collection[str]]) -> None:
    """Raise UserError for values of a column that no file of their pattern has. `columns` is by file."""
    for pattern, of_files in settings.files:
        mine = [
            set(columns[name]) for name in columns if fnmatchcase(name.lower(), pattern.lower())
        ]
        if lost := sorted(of_files.values.keys() - set().union(*mine)):
            raise UserError(f"{NAME}: {pattern}, values: no such file has a column {lost[0]}.")


def _pairs(node: yaml.Node | None, what: str) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
    if node is None:
        return []
    if not isinstance(node, yaml.MappingNode):
        raise UserError(
            f"{NAME}, line {node.start_mark.line + 1}: {what} must have keys with values."
        )
    if any(not isinstance(key, yaml.ScalarNode) for key, _ in node.value):
        raise UserError(f"{NAME}, line {node.start_mark.line + 1}: a key of {what} is no text.")
    if twice := key_given_twice(node):
        raise UserError(f"{NAME}, line {node.start_mark.line + 1}: {twice} is there twice.")
    return node.value


def _file_pairs(node: yaml.Node, pattern: str) -> list[tuple[yaml.ScalarNode, yaml.Node]]:
    """The settings of a file; none where all of them are comments."""
    is_empty = isinstance(node, yaml.ScalarNode) and not node.value
    return [] if is_empty else _pairs(node, pattern)


def _setting(
    known: Mapping[str, Setting],
    key: yaml.ScalarNode,
    value: yaml.Node,
    *others: str,
) -> tuple[str, Any]:
    """A setting with its checked value."""
    where = f"{NAME}, line {key.start_mark.line + 1}"
    if key.value not in known:
        raise UserError(
            f"{where}: {key.value} is unknown. There are: {', '.join((*known, *others))}."
        )
    try:
        return key.value, known[key.value].read(value)
    except UserError as problem:
        raise UserError(f"{where}, {key.value}: {problem}") from None
