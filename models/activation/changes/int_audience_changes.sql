-- One row per audience row that was added, changed or removed since the last published build, and why.
-- Publishing appends it to the ledger.
with

now_rows as (

    select * from {{ ref('int_audience_rows') }}

),

last_rows as (

    select * from {{ ref('stg_ledger__audience_rows') }}

),

last_number as (

    -- An erasure removes rows from the ledger. Their numbers are never used again.
    select greatest(coalesce(max(change_seq), 0), {{ var('last_change_seq') }}) as change_seq
    from {{ ref('stg_ledger__audience_changes') }}

),

changed as (

    select
        coalesce(now_rows.channel, last_rows.channel) as channel,
        coalesce(now_rows.audience_code, last_rows.audience_code) as audience_code,
        coalesce(now_rows.audience_row_id, last_rows.audience_row_id) as audience_row_id,
        coalesce(now_rows.customer_key, last_rows.customer_key) as customer_key,
        coalesce(now_rows.row_hash, last_rows.row_hash) as row_hash,
        case when now_rows.audience_row_id is null then released.identifiers else now_rows.identifiers end
            as identifiers,
        -- A platform that identifies people by hashes needs the former ones to remove them.
        case when now_rows.audience_row_id is not null then released.identifiers end as former_identifiers,
        case
            when last_rows.audience_row_id is null then 'ADD'
            when now_rows.audience_row_id is null then 'REMOVE'
            else 'UPDATE'
        end as action
    from now_rows
    full outer join last_rows
        on now_rows.channel = last_rows.channel and now_rows.audience_row_id = last_rows.audience_row_id
    left join {{ ref('int_released_identifiers') }} as released
        on last_rows.audience_row_id = released.audience_row_id
    where now_rows.row_hash is distinct from last_rows.row_hash

),

-- Why the customer is left out. A row that holds all segments of a customer has several reasons: the first in the
-- order of reason_rank counts.
left_out as (

    select
        changed.audience_row_id,
        min({{ reason_rank('candidates.left_out_because') }} || candidates.left_out_because) as ranked_reason,
        count(*) filter (where candidates.left_out_because is null) as addressed_for
    from changed
    inner join {{ ref('int_audience_candidates') }} as candidates
        on changed.channel = candidates.channel and changed.customer_key = candidates.customer_key
    inner join {{ ref('dim_segments') }} as segments
        on
            candidates.segment_code = segments.segment_code
            and (changed.audience_code = 'all' or changed.audience_code = segments.audience_code)
    where changed.action = 'REMOVE'
    group by changed.audience_row_id

),

erased as (

    select distinct customer_key from {{ ref('stg_consent__erased_people') }}

)

select
    -- Removals first, so that none undoes an addition of the same build.
    last_number.change_seq + row_number() over (
        order by
            changed.channel,
            changed.audience_code,
            case when changed.action = 'REMOVE' then 0 else 1 end,
            changed.audience_row_id
    ) as change_seq,
    changed.channel,
    changed.audience_code,
    changed.audience_row_id,
    changed.action,
    case
        when changed.action = 'UPDATE' then 'changed'
        when changed.action = 'ADD' then 'rule'
        when erased.customer_key is not null then 'erasure'
        when left_out.addressed_for > 0 then 'unreachable'
        when left_out.ranked_reason is not null then substring(left_out.ranked_reason, 2)
        else 'rule'
    end as reason,
    -- The history does not name an erased customer. The row only says what a platform must remove.
    case when erased.customer_key is null then changed.customer_key end as customer_key,
    changed.identifiers,
    changed.former_identifiers,
    changed.row_hash,
    '{{ var("build_id") }}' as build_id,
    {{ built_at() }} as occurred_at
from changed
cross join last_number
left join left_out on changed.audience_row_id = left_out.audience_row_id
left join erased on changed.customer_key = erased.customer_key
