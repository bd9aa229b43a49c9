-- One row per pair of records that has enough in common to be compared: the smallest blocks first, until there are
-- {{ var('match_pairs_per_record') }} pairs a record; and a sample of random pairs, that show what agrees by chance.
{% set blocks = blocking_rules() %}
with

records as (

    select
        records.*,
        plan.is_due,
        plan.is_due or known.record_id is null as is_new
    from {{ ref('int_match_records') }} as records
    cross join {{ ref('int_match_plan') }} as plan
    left join {{ ref('stg_ledger__match_records') }} as known
        on records.record_id = known.record_id and records.fingerprint = known.fingerprint

),

keys as (

    {% for parts in blocks %}
    select
        record_no,
        is_new,
        {{ loop.index }} as rule,
        {{ hash64("concat_ws('|', " ~ parts | join(", ") ~ ")") }} as block_key
    from records
    where {{ parts | join(" is not null and ") }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

blocks as (

    select
        rule,
        block_key,
        count(*) as block_size,
        bool_or(is_new) as has_new
    from keys
    group by rule, block_key
    having count(*) between 2 and 200

),

sizes as (

    select
        block_size,
        sum(sum(block_size * (block_size - 1) / 2)) over (order by block_size) as pairs_so_far
    from blocks
    group by block_size

),

members as (

    select
        keys.rule,
        keys.block_key,
        keys.record_no,
        keys.is_new
    from blocks
    inner join sizes on blocks.block_size = sizes.block_size
    inner join keys on blocks.rule = keys.rule and blocks.block_key = keys.block_key
    where
        blocks.has_new
        and (
            blocks.block_size <= 10
            or sizes.pairs_so_far <= {{ var('match_pairs_per_record') }} * (select count(*) from records)
        )

),

shuffled as (

    select
        record_no,
        lead(record_no) over (order by {{ hash64('record_id') }}, record_no) as other_no
    from records
    where is_due
    order by {{ hash64('record_id') }}, record_no
    limit 200000

)

select distinct
    lefts.record_no as left_no,
    rights.record_no as right_no,
    false as is_random
from members as lefts
inner join members as rights on lefts.rule = rights.rule and lefts.block_key = rights.block_key
where lefts.record_no < rights.record_no and (lefts.is_new or rights.is_new)
union all
select
    record_no,
    other_no,
    true
from shuffled
where other_no is not null
