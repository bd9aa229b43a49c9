-- One row per segment and customer who entered or left it since the last published build.
with

changes as (

    select
        coalesce(membership.segment_code, open_memberships.segment_code) as segment_code,
        coalesce(membership.customer_key, open_memberships.customer_key) as customer_key,
        case when open_memberships.segment_code is null then 'entered' else 'left' end as action
    from {{ ref('segment_membership') }} as membership
    full outer join {{ ref('int_open_memberships') }} as open_memberships
        on
            membership.segment_code = open_memberships.segment_code
            and membership.customer_key = open_memberships.customer_key
    where membership.segment_code is null or open_memberships.segment_code is null

)

select
    changes.segment_code,
    changes.customer_key,
    changes.action,
    {{ as_of() }} as changed_at,
    segments.definition_hash,
    '{{ var("build_id") }}' as build_id
from changes
left join {{ ref('dim_segments') }} as segments on changes.segment_code = segments.segment_code
