-- One row per change of an audience row, from earlier builds.
{{ ledger_rows('audience_changes') }}
