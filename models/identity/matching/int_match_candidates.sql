-- One row per pair of records to compare: those of one block, if at least one of them is new or changed; and random
-- pairs, which show how often fields agree by chance.
with

members as (

    select * from {{ ref('int_block_members') }}

),

random_pairs as (

    select
        records.record_no,
        lead(records.record_no) over (order by {{ hash64('records.record_id') }}, records.record_no) as other_no
    from {{ ref('int_match_records') }} as records
    cross join {{ ref('int_match_plan') }} as plan
    where plan.is_due
    order by {{ hash64('records.record_id') }}, records.record_no
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
