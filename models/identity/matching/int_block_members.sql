-- One row per block and record in it. A block holds records that agree on what one blocking rule names; only records of
-- one block are compared. One rule is enough, so a typing error in one field does not keep two records from each other.
{% set birth_year = "substring(birth_digits, 1, 4)" -%}
{% set birth_day = "substring(birth_digits, 5)" -%}
{% set blocking_rules = [
    ["email"],
    ["phone"],
    ["birth_digits"],
    ["least(first_name, last_name)", "greatest(first_name, last_name)"],
    ["first_name", birth_year],
    ["first_name", birth_day],
    ["last_name", birth_day],
    ["last_name_sound", "region", birth_year],
    ["last_name", "postal_code"],
    ["first_name", "city"],
    ["first_name", "street"],
    ["last_name", "street"],
    ["first_name", "address_2"],
    ["last_name", "address_2"],
    ["street", "postal_code"],
    ["street", "house_number"],
    ["house_number", "postal_code"],
    ["house_number", "city"],
    ["postal_code", birth_year],
    ["postal_code", birth_day],
    ["city", birth_year],
    ["last_name_sound", birth_year]
] -%}
with

records as (

    select
        records.*,
        plan.is_due or unchanged.record_id is null as is_new
    from {{ ref('int_match_records') }} as records
    cross join {{ ref('int_match_plan') }} as plan
    left join {{ ref('stg_ledger__match_records') }} as unchanged
        on records.record_id = unchanged.record_id and records.fingerprint = unchanged.fingerprint

),

block_keys as (

    {% for fields in blocking_rules %}
    select
        record_no,
        is_new,
        {{ loop.index }} as rule,
        {{ hash64("concat_ws('|', " ~ fields | join(", ") ~ ")") }} as block_key
    from records
    where {{ fields | join(" is not null and ") }} is not null
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

)

select
    block_keys.rule,
    block_keys.block_key,
    block_keys.record_no,
    block_keys.is_new
from blocks
inner join block_sizes on blocks.block_size = block_sizes.block_size
inner join block_keys on blocks.rule = block_keys.rule and blocks.block_key = block_keys.block_key
-- Small blocks are always compared, larger ones until there are {{ var('match_pairs_per_record') }} pairs a record.
where
    blocks.has_new
    and (
        blocks.block_size <= 10
        or block_sizes.pairs_so_far <= {{ var('match_pairs_per_record') }} * (select count(*) from records)
    )
