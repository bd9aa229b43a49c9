-- One row per segment, customer and stay in it: when they entered and when they left, if they did.
with

moves as (

    select
        segment_code,
        customer_key,
        action,
        changed_at,
        lead(changed_at) over (partition by segment_code, customer_key order by changed_at, build_id) as next_at
    from {{ ref('segment_history') }}

)

select
    cast(segment_code as string) as segment_code,
    cast(customer_key as string) as customer_key,
    cast(changed_at as timestamp) as entered_at,
    cast(next_at as timestamp) as left_at
from moves
where action = 'entered'
