-- One row per bandit, customer and build that picked a variant for them, with the probability of the pick, from earlier
-- builds.
{{ ledger_rows('bandit_decisions') }}
