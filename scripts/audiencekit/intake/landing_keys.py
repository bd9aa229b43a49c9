"""The keys of landing.yml: how each is read, what it says, and the JSON schema by which an editor completes them."""

import codecs
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import yaml

from audiencekit.errors import UserError
from audiencekit.intake.shop import currency_code, zone_name

DATE_ORDERS = ("DMY", "MDY")
TEXT = {"type": "string"}
VALUE = {"type": ["string", "number", "boolean"]}
MAP = {"type": "object", "additionalProperties": VALUE}


def _yes_or_no(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise UserError(f"{text!r} is neither true nor false.")
    return text.lower() == "true"


def _date_order(text: str) -> str:
    if text.upper() not in DATE_ORDERS:
        raise UserError(f"{text!r} is neither DMY nor MDY.")
    return text.upper()


def _encoding(text: str) -> str:
    """The name of a text encoding as Python has it."""
    try:
        b"a".decode(text.strip(), "replace")
        return codecs.lookup(text.strip()).name
    except (LookupError, ValueError):
        raise UserError(
            f"{text!r} is no encoding of text. Write windows-1252, iso-8859-2, shift_jis or the like."
        ) from None


def _source(text: str) -> str:
    """The name of a system, as a prefix of its ids."""
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9_-]*", text):
        raise UserError(f"{text!r} is no prefix. Write letters and digits, as in us or shop2.")
    return text


def _one(read: Callable[[str], Any]) -> Callable[[yaml.Node], Any]:
    """A reader of a single value."""

    def reader(node: yaml.Node) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            raise UserError("this must be one value.")
        return read(node.value)

    return reader


def _many(read: Callable[[yaml.Node], Any]) -> Callable[[yaml.Node], dict[str, Any]]:
    """A reader of names with values."""

    def reader(node: yaml.Node) -> dict[str, Any]:
        if not isinstance(node, yaml.MappingNode):
            raise UserError("this must be names with values.")
        if any(not isinstance(key, yaml.ScalarNode) for key, _ in node.value):
            raise UserError("a name in it is no text.")
        if twice := key_given_twice(node):
            raise UserError(f"{twice} is there twice.")
        return {key.value: read(value) for key, value in node.value}

    return reader


def _list(node: yaml.Node) -> tuple[str, ...]:
    """One value, or a list of values."""
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return tuple(_one(str)(inside) for inside in nodes)


@dataclass(frozen=True)
class Setting:
    """A key of landing.yml: how its value is read, its JSON schema, what it says, and an example."""

    read: Callable[[yaml.Node], Any]
    schema: Mapping[str, Any]
    meaning: str
    example: str


SHOP = {
    "currency": Setting(
        _one(currency_code),
        {"type": "string", "pattern": "^[A-Za-z]{3}$"},
        "of all figures; as --currency",
        "EUR",
    ),
    "time_zone": Setting(
        _one(zone_name),
        TEXT,
        "of the shop: its days, months, weekends and seasons; as --time-zone",
        "Europe/Berlin",
    ),
}
FILE = {
    "table": Setting(_one(str), TEXT, "which table a file of another name is", "orders"),
    "adapter": Setting(
        _one(str), TEXT, "the adapter that reads it, or none", "shopify_orders"
    ),
    "source": Setting(
        _one(_source),
        {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]*$"},
        "the system whose ids these are: 1000 becomes us:1000",
        "us",
    ),
    "currency": replace(SHOP["currency"], meaning="of rows without a currency", example="USD"),
    "time_zone": replace(
        SHOP["time_zone"], meaning="of times without a zone", example="America/Chicago"
    ),
    "decimal_comma": Setting(
        _one(_yes_or_no), {"type": "boolean"}, "1.234,50 is 1234.50", "true"
    ),
    "date_order": Setting(
        _one(_date_order),
        {"enum": list(DATE_ORDERS)},
        "what 03/04/2017 is: DMY or MDY",
        "DMY",
    ),
    "encoding": Setting(_one(_encoding), TEXT, "of text that is not UTF-8", "windows-1252"),
    "columns": Setting(
        _many(_one(str)), MAP, "a header of the file, and the column that it is", "{Belegnummer: order_id}"
    ),
    "values": Setting(
        _many(_many(_one(str))),
        {"type": "object", "additionalProperties": MAP},
        "what values of a column mean",
        "{status: {bezahlt: paid, storniert: cancelled}}",
    ),
    "leave_out": Setting(
        _many(_list),
        {"type": "object", "additionalProperties": {"anyOf": [VALUE, {"type": "array", "items": VALUE}]}},
        "a header of the file, and the values whose rows do not count",
        "{Test: [1, true]}",
    ),
    "ignore": Setting(
        _list,
        {"anyOf": [TEXT, {"type": "array", "items": TEXT}]},
        "headers of the file that neither refuse anything nor change what a row means",
        "[Status]",
    ),
}  # fmt: skip


def key_given_twice(node: yaml.MappingNode) -> str:
    """A key that a mapping has twice, also in other capitals, so that one would not count; empty without one."""
    keys = [str(key.value).strip() for key, _ in node.value]
    plain = [key.lower() for key in keys]
    return next((key for number, key in enumerate(keys) if key.lower() in plain[:number]), "")


def json_schema() -> dict[str, Any]:
    """The JSON schema of landing.yml."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "landing.yml of audiencekit",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **_properties(SHOP),
            "files": {
                "description": "Settings by file or pattern. A later one overrides an earlier one.",
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": _properties(FILE),
                },
            },
        },
    }


def _properties(settings: Mapping[str, Setting]) -> dict[str, Any]:
    return {
        key: {
            "description": f"{setting.meaning[0].upper()}{setting.meaning[1:]}.",
            **setting.schema,
        }
        for key, setting in settings.items()
    }
