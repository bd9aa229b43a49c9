-- One row per segment and rule it has ever had: the build that first ran it, and whether it is the current rule.
with

definitions as (

    select segment_code, definition_hash, definition, commit_id, first_seen_at, build_id
    from {{ ref('int_rule_history') }}

)

select
    definitions.segment_code,
    cast(row_number() over (
        partition by definitions.segment_code order by definitions.first_seen_at, definitions.build_id
    ) as bigint) as version,
    definitions.definition,
    definitions.definition_hash,
    definitions.first_seen_at,
    definitions.build_id,
    definitions.commit_id,
    -- A segment whose file was removed has no current rule.
    segments.segment_code is not null as is_current
from definitions
left join {{ ref('dim_segments') }} as segments
    on
        definitions.segment_code = segments.segment_code
        and definitions.definition_hash = segments.definition_hash
