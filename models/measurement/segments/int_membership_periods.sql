-- One row per segment, customer and stay in it: when they entered and when they left, if they did. When several builds
-- recorded the same moment (a failed one and its repetition), the last one counts.
with

last_of_moment as (

    select segment_code, customer_key, action, changed_at
    from {{ ref('segment_history') }}
    qualify row_number() over (partition by segment_code, customer_key, changed_at order by build_id desc) = 1

),

moves as (

    select
        *,
        lag(action) over (partition by segment_code, customer_key order by changed_at) as action_before
    from last_of_moment

),

turns as (

    select
        *,
        lead(changed_at) over (partition by segment_code, customer_key order by changed_at) as next_at
    from moves
    where action_before is null or action <> action_before

)

select
    segment_code,
    customer_key,
    changed_at as entered_at,
    next_at as left_at
from turns
where action = 'entered'
