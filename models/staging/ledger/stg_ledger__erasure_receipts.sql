-- One row per request to be forgotten and channel, with what was taken away there, from earlier builds.
{{ ledger_rows('erasure_receipts') }}
