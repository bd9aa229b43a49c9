-- One row per identifier (as a hash) and build in which it was assigned to a customer, or to another one, from earlier
-- builds.
{{ ledger_rows('customer_key_changes') }}
