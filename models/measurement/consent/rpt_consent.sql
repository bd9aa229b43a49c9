-- One row per purpose, jurisdiction, answer and basis: how many customers, and how many of their grants expire soon.
-- It counts answers for all channels; answers for one channel alone are not in it.
select
    purpose,
    jurisdiction,
    is_allowed,
    basis,
    count(*) as customers,
    count(case
        when
            basis = 'granted'
            and {{ elapsed('day', as_of(), 'expires_at') }} <= {{ var('consent_notice_days') }}
            then 1
    end) as runs_out_soon
from {{ ref('dim_consent') }}
where channel = 'all'
group by purpose, jurisdiction, is_allowed, basis
