-- One row per customer who turned out to be another one's person, or two people, and the moment it was found, from earlier builds.
{{ ledger_rows('identity_changes') }}
