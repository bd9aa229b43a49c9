-- One row per segment and customer who entered or left it since the last published build.
with

changes as (

    select
        coalesce(matches.segment_code, open_memberships.segment_code) as segment_code,
        coalesce(matches.customer_key, open_memberships.customer_key) as customer_key,
        case when open_memberships.segment_code is null then 'entered' else 'left' end as action
    from {{ ref('int_current_members') }} as matches
    full outer join {{ ref('int_open_memberships') }} as open_memberships
        on
            matches.segment_code = open_memberships.segment_code
            and matches.customer_key = open_memberships.customer_key
    where matches.segment_code is null or open_memberships.segment_code is null

)

select
    cast(changes.segment_code as string) as segment_code,
    cast(changes.customer_key as string) as customer_key,
    cast(changes.action as string) as action,
    cast({{ as_of() }} as timestamp) as changed_at,
    cast(segments.definition_hash as string) as definition_hash,
    cast('{{ var("build_id") }}' as string) as build_id
from changes
left join {{ ref('dim_segments') }} as segments on changes.segment_code = segments.segment_code
