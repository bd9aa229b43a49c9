-- One row per segment whose rule this build runs for the first time.
select
    cast(segments.segment_code as string) as segment_code,
    cast(segments.definition_hash as string) as definition_hash,
    cast(segments.definition as string) as definition,
    cast({{ as_of() }} as timestamp) as first_seen_at,
    cast('{{ var("build_id") }}' as string) as build_id,
    cast('{{ var("commit_id") }}' as string) as commit_id
from {{ ref('dim_segments') }} as segments
left join {{ ref('stg_ledger__segment_definitions') }} as known
    on
        segments.segment_code = known.segment_code
        and segments.definition_hash = known.definition_hash
where known.segment_code is null
