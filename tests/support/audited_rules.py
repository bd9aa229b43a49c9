"""Rules made up for tests, and what the audit finds in them."""

TYPES = {
    "a": "BIGINT",
    "b": "BIGINT",
    "x": "DOUBLE",
    "y": "DOUBLE",
    "s": "VARCHAR",
    "p": "BOOLEAN",
    "q": "BOOLEAN",
    "at": "TIMESTAMP",
    "since": "TIMESTAMP",
    "odd": "BLOB",
}
