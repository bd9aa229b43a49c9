-- One row per segment and build that changed any membership, from the segment's first build on: its size after the
-- build, and the step to it, which is the difference of log sizes.
with

moves as (

    select
        segment_code,
        changed_at,
        count(case when action = 'entered' then 1 end) as entered,
        count(case when action = 'left' then 1 end) as departed
    from {{ ref('segment_history') }}
    group by segment_code, changed_at

),

moments as (

    select distinct changed_at from moves

),

firsts as (

    select segment_code, min(changed_at) as first_at
    from moves
    group by segment_code

),

sizes as (

    select
        firsts.segment_code,
        moments.changed_at as moment_at,
        coalesce(moves.entered, 0) as entered,
        coalesce(moves.departed, 0) as departed,
        cast(sum(coalesce(moves.entered, 0) - coalesce(moves.departed, 0)) over (
            partition by firsts.segment_code order by moments.changed_at
        ) as bigint) as members,
        cast(row_number() over (
            partition by firsts.segment_code order by moments.changed_at
        ) as bigint) as place
    from firsts
    inner join moments on firsts.first_at <= moments.changed_at
    left join moves on firsts.segment_code = moves.segment_code and moments.changed_at = moves.changed_at

)

select
    segment_code,
    moment_at,
    place,
    entered,
    departed,
    members,
    lag(members) over (partition by segment_code order by place) as members_before,
    -- An empty segment counts as half a member, for 0 has no logarithm.
    ln(greatest(members, 0.5))
    - lag(ln(greatest(members, 0.5))) over (partition by segment_code order by place) as log_step
from sizes
