-- One row per purpose, jurisdiction, answer and ground: how many customers, and how many of these grants run out soon.
-- About all channels; what somebody decided about one channel alone is not in it.
select
    cast(purpose as string) as purpose,
    cast(jurisdiction as string) as jurisdiction,
    cast(is_allowed as boolean) as is_allowed,
    cast(basis as string) as basis,
    cast(count(*) as bigint) as customers,
    cast(
        count(case
            when
                basis = 'granted'
                and {{ elapsed('day', as_of(), 'expires_at') }} <= {{ var('consent_notice_days') }}
                then 1
        end)
        as bigint
    ) as runs_out_soon
from {{ ref('dim_consent') }}
where channel = 'all'
group by purpose, jurisdiction, is_allowed, basis
