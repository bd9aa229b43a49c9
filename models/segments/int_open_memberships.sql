-- One row per segment and customer who was in it when the last published build ended.
with

last_change as (

    select * from {{ source('ledger', 'segment_changes') }}
    where changed_at <= {{ as_of() }}
    qualify row_number() over (
        partition by segment_code, customer_key order by changed_at desc, build_id desc
    ) = 1

)

-- Of two customers who turn out to be one person, one that is in it is enough.
select
    last_change.segment_code,
    coalesce(former_keys.customer_key, last_change.customer_key) as customer_key,
    min(last_change.changed_at) as entered_at
from last_change
left join {{ ref('int_former_keys') }} as former_keys on last_change.customer_key = former_keys.former_key
where last_change.action = 'entered'
group by last_change.segment_code, coalesce(former_keys.customer_key, last_change.customer_key)
