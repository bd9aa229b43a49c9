-- One row per erasure request, customer key and channel, with how many rows were removed there, from earlier builds.
{{ ledger_rows('erasure_receipts') }}
