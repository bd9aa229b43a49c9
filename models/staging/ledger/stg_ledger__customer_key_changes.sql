-- One row per identifier (as a hash) and moment it came to name a customer, or another one, from earlier builds.
{{ ledger_rows('customer_key_changes') }}
