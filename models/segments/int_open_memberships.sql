-- One row per segment and customer who was in it when the last published build ended.
with

last_change as (

    select * from {{ source('ledger', 'segment_changes') }}
    where changed_at <= {{ as_of() }}
    qualify row_number() over (
        partition by segment_code, customer_key order by changed_at desc, build_id desc
    ) = 1

)

select
    segment_code,
    customer_key,
    changed_at as entered_at
from last_change
where action = 'entered'
