"""Published generations with simulated people: audience tables and audience_changes, nothing else."""

import gzip
import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd

FIRST_BUILD = datetime(2024, 1, 1)
CODE = "ak_simulated"
CHANGE_COLUMNS = [
    "change_seq",
    "channel",
    "audience_code",
    "audience_row_id",
    "action",
    "reason",
    "identifiers",
    "former_identifiers",
    "row_hash",
    "build_id",
    "occurred_at",
]


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def row_of(channel: str, person: int, segment: str) -> dict:
    """The audience row of a simulated person. Addresses are of example.org."""
    code = "all" if channel in ("email", "crm") else CODE
    email = f"simulated{person}@example.org"
    shapes = {
        "email": {
            "external_id": f"p{person}",
            "email": email,
            "segment_codes": json.dumps([segment]),
            "primary_segment": segment,
            "entered_at": FIRST_BUILD,
            "variants": json.dumps([f"{segment}:free_delivery"]),
            "messages_json": json.dumps({"body": {"headline": 'Say "hello"\nto Zoë \\o/'}}),
            "subscribed": True,
        },
        "crm": {
            "external_id_type": "contact_id",
            "external_id": f"K{person}",
            "segment_codes": json.dumps([segment, "z"]),
            "primary_segment": segment,
            "engagement_score": float(person % 100),
            "rfm_family": None,
            "next_best_action": 'Say "hello"',
            "reason": f"{segment}: because",
        },
        "google_ads": {
            "hashed_email": sha(email + segment),
            "hashed_phone": None,
            "hashed_first_name": None,
            "hashed_last_name": None,
            "region_code": "US",
            "postal_code": "10001",
        },
        "meta": {
            "extern_id": f"p{person}",
            "email": sha(email),
            "phone": None,
            **dict.fromkeys(("fn", "ln", "ct", "st", "zip", "country", "doby")),
            "data_processing_options": '["LDU"]' if person % 3 else "[]",
            "data_processing_options_country": 1 if person % 3 else None,
            "data_processing_options_state": 1000 if person % 3 else None,
        },
    }
    row = {"audience_row_id": sha(f"{channel}|{code}|{person}"), "audience_code": code}
    row |= shapes[channel]
    return row | {"row_hash": sha(json.dumps(row, default=str))}


def identifiers_of(row: dict) -> str:
    """What takes a row away: keys and hashes, never an address."""
    names = ("external_id", "extern_id", "hashed_email", "hashed_phone")
    return json.dumps({name: row[name] for name in names if row.get(name)})


@dataclass
class Simulated:
    """A home that publishes generations; `people` are those of each channel, with their segment."""

    home: Path
    rows: dict[str, dict[int, dict]] = field(default_factory=dict)
    changes: list[tuple] = field(default_factory=list)
    builds: int = 0

    def publish(self, people: dict[str, dict[int, str]], reason: str = "rule") -> None:
        """The next generation: append what changed, write the file, switch to it by rename."""
        self.builds += 1
        build_id = f"build-{self.builds:06d}"
        moment = FIRST_BUILD + timedelta(days=self.builds)
        for channel, members in people.items():
            before = self.rows.get(channel, {})
            now = {person: row_of(channel, person, s) for person, s in members.items()}
            for person in sorted(before.keys() | now.keys()):
                old, new = before.get(person), now.get(person)
                if old and new and old["row_hash"] == new["row_hash"]:
                    now[person] = old
                    continue
                action = "REMOVE" if not new else "UPDATE" if old else "ADD"
                if new:
                    now[person] = new | {"build_id": build_id, "updated_at": moment}
                former = identifiers_of(old) if old and new else None
                self._append(channel, action, new or old, former, reason, build_id, moment)
            self.rows[channel] = now
        self._write(build_id)

    def _append(self, channel, action, row, former, reason, build_id, moment) -> None:
        self.changes.append(
            (
                len(self.changes) + 1,
                channel,
                row["audience_code"],
                row["audience_row_id"],
                action,
                reason if action == "REMOVE" else "changed" if action == "UPDATE" else "rule",
                identifiers_of(row),
                None if former == identifiers_of(row) else former,
                row["row_hash"],
                build_id,
                moment,
            )
        )

    def _write(self, build_id: str) -> None:
        generation = self.home / "published" / "generations" / build_id
        generation.mkdir(parents=True)
        with duckdb.connect(str(generation / "activation.duckdb")) as con:
            for channel, rows in self.rows.items():
                columns = [*row_of(channel, 0, "x"), "build_id", "updated_at"]
                frame = pd.DataFrame(list(rows.values()), columns=columns)
                con.register("frame", frame)
                casts = ", ".join(f"cast({c} as {_type(c)}) as {c}" for c in columns)
                con.execute(f"create table aud_{channel} as select {casts} from frame")
                con.unregister("frame")
            frame = pd.DataFrame(self.changes, columns=CHANGE_COLUMNS)
            con.register("frame", frame)
            text = "cast(former_identifiers as varchar) as former_identifiers"
            con.execute(
                f"create table audience_changes as select * replace ({text}) from frame order by change_seq"
            )
            con.unregister("frame")
        new = self.home / "published" / ".current-new"
        new.symlink_to(Path("generations") / build_id)
        new.replace(self.home / "published" / "current")


def _type(column: str) -> str:
    return {
        "entered_at": "timestamp",
        "updated_at": "timestamp",
        "subscribed": "boolean",
        "engagement_score": "double",
        "data_processing_options_country": "integer",
        "data_processing_options_state": "integer",
    }.get(column, "varchar")


def addresses_under(*folders: Path) -> list[str]:
    """Files below these folders that hold a simulated address, packed files included."""
    return [
        str(path)
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and re.search(rb"simulated\d+@", _unpacked(path))
    ]


def _unpacked(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
