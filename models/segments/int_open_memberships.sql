-- One row per segment and customer who was in it when the last published build ended. The history of merged customer
-- keys counts for the key of today.
{% set columns = ['segment_code', 'action', 'changed_at', 'build_id'] -%}
with

last_change as (

    select customer_key, {{ columns | join(', ') }}
    from {{ history_of('segment_changes', columns) }} as changes
    where changed_at <= {{ as_of() }}
    qualify row_number() over (
        partition by segment_code, customer_key
        -- Two keys that are merged now can have entered and left at the same moment. Entering wins.
        order by changed_at desc, build_id desc, case when action = 'entered' then 0 else 1 end
    ) = 1

)

select
    segment_code,
    customer_key,
    changed_at as entered_at
from last_change
where action = 'entered'
