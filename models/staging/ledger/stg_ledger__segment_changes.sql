-- One row per customer, segment and moment they entered or left it, from earlier builds.
{{ ledger_rows('segment_changes') }}
