-- One row per bandit, customer and moment a variant was picked for them, with the chance it had, from earlier builds.
{{ ledger_rows('bandit_decisions') }}
