-- One row per customer, purpose and withdrawal through their own action, from earlier builds.
{{ ledger_rows('withdrawals') }}
