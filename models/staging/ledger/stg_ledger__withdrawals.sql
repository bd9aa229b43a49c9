-- One row per customer, purpose and withdrawal by what they did, for ever, from earlier builds.
{{ ledger_rows('withdrawals') }}
