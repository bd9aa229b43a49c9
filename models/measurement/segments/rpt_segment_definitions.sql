-- One row per segment and rule it has ever had: from which build on, and whether it is the one of today.
with

definitions as (

    select segment_code, definition_hash, definition, commit_id, first_seen_at, build_id
    from {{ ref('int_rule_history') }}

)

select
    cast(definitions.segment_code as string) as segment_code,
    cast(row_number() over (
        partition by definitions.segment_code order by definitions.first_seen_at, definitions.build_id
    ) as bigint) as version,
    cast(definitions.definition as string) as definition,
    cast(definitions.definition_hash as string) as definition_hash,
    cast(definitions.first_seen_at as timestamp) as first_seen_at,
    cast(definitions.build_id as string) as build_id,
    cast(definitions.commit_id as string) as commit_id,
    -- A segment whose file is gone has none of today.
    cast(segments.segment_code is not null as boolean) as is_current
from definitions
left join {{ ref('dim_segments') }} as segments
    on
        definitions.segment_code = segments.segment_code
        and definitions.definition_hash = segments.definition_hash
