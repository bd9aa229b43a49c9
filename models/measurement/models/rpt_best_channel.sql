-- One row per back-test of the channel that customers answer on: their own best channel compared with one channel for
-- everybody, and whether own channels are used now.
select
    tests.tested_at,
    tests.customers,
    tests.own_share,
    tests.everybodys_share,
    tests.gain,
    tests.gain_error,
    coalesce((select bool_or(shares.is_own) from {{ ref('pred_channel_shares') }} as shares), false) as is_used
from {{ ref('int_channel_tests') }} as tests
