-- One row per segment whose rule this build runs for the first time.
select
    segments.segment_code,
    segments.definition_hash,
    segments.definition,
    {{ as_of() }} as first_seen_at,
    '{{ var("build_id") }}' as build_id,
    '{{ var("commit_id") }}' as commit_id
from {{ ref('dim_segments') }} as segments
left join {{ ref('stg_ledger__segment_definitions') }} as published
    on
        segments.segment_code = published.segment_code
        and segments.definition_hash = published.definition_hash
where published.segment_code is null
