-- One row per contact or account that the last published build compared, with a hash of its compared fields.
{{ ledger_rows('match_records') }}
