-- One row per relation between two records, field and level of agreement, with how often pairs have it, as of the last
-- published build.
{{ ledger_rows('match_params') }}
