-- One row per pair of records that have enough in common to be compared, the smallest blocks first, until there are
-- {{ var('match_pairs_per_record') }} pairs a record. A sample of random pairs shows how often fields agree by chance.
{% set blocks = blocking_rules() %}
with

records as (

    select
        records.*,
        plan.is_due,
        plan.is_due or unchanged.record_id is null as is_new
    from {{ ref('int_match_records') }} as records
    cross join {{ ref('int_match_plan') }} as plan
    left join {{ ref('stg_ledger__match_records') }} as unchanged
        on records.record_id = unchanged.record_id and records.fingerprint = unchanged.fingerprint

),

block_keys as (

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
    from block_keys
    group by rule, block_key
    having count(*) between 2 and 200

),

block_sizes as (

    select
        block_size,
        sum(sum(block_size * (block_size - 1) / 2)) over (order by block_size) as pairs_so_far
    from blocks
    group by block_size

),

members as (

    select
        block_keys.rule,
        block_keys.block_key,
        block_keys.record_no,
        block_keys.is_new
    from blocks
    inner join block_sizes on blocks.block_size = block_sizes.block_size
    inner join block_keys on blocks.rule = block_keys.rule and blocks.block_key = block_keys.block_key
    where
        blocks.has_new
        and (
            blocks.block_size <= 10
            or block_sizes.pairs_so_far <= {{ var('match_pairs_per_record') }} * (select count(*) from records)
        )

),

random_pairs as (

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
from random_pairs
where other_no is not null
