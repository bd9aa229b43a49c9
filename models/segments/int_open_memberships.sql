-- One row per segment and customer who was in it when the last published build ended: by what history tells of who is
-- that person today.
{% set columns = ['segment_code', 'action', 'changed_at', 'build_id'] -%}
with

last_change as (

    select customer_key, {{ columns | join(', ') }}
    from {{ history_of('segment_changes', columns) }} as kept
    where changed_at <= {{ as_of() }}
    qualify row_number() over (
        partition by segment_code, customer_key
        -- At one moment two who are one person may have come and gone.
        order by changed_at desc, build_id desc, case when action = 'entered' then 0 else 1 end
    ) = 1

)

select
    segment_code,
    customer_key,
    changed_at as entered_at
from last_change
where action = 'entered'
