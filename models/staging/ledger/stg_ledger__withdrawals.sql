-- One row per customer, purpose and withdrawal, from earlier builds. Those that an earlier version recorded have no
-- channel and no status: they are unsubscribes, complaints and signals.
select
    customer_key,
    purpose,
    channel,
    coalesce(status, 'withdrawn') as status,
    withdrawn_by,
    decided_at,
    decision_id,
    build_id
from ({{ ledger_rows('withdrawals') }}) as withdrawals
