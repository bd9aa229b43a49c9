-- One row per contact or account that the last published build compared, with a hash of what it said: as the last published build left it.
{{ ledger_rows('match_records') }}
