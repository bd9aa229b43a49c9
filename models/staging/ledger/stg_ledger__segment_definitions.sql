-- One row per segment and version of its rule, from earlier builds.
{{ ledger_rows('segment_definitions') }}
