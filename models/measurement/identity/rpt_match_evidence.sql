-- One row per field and level of agreement: how often two records of one person, of one household and of anybody
-- agree so far, what that says (bits), and how often records that are taken for one person do so today.
with

params as (

    select
        field,
        level,
        max(case when relation = 'same' then value end) as share_same,
        max(case when relation = 'household' then value end) as share_household,
        max(case when relation = 'random' then value end) as share_random
    from {{ ref('int_match_params') }}
    where level <> ''
    group by field, level

),

taken as (

    select pattern, count(*) as pairs
    from {{ ref('int_matches') }}
    where verdict = 'taken'
    group by pattern

),

levels as (

    {{ pattern_levels('taken', kept='pairs') }}

),

today as (

    select field, level, sum(pairs) as pairs
    from levels
    where level <> '-'
    group by field, level

)

select
    cast(params.field as string) as field,
    cast(params.level as string) as level,
    cast(params.share_same as double) as share_same,
    cast(params.share_household as double) as share_household,
    cast(params.share_random as double) as share_random,
    cast(ln(params.share_same / params.share_random) / ln(2) as double) as bits,
    cast(coalesce(today.pairs, 0) as bigint) as pairs_taken,
    cast(
        coalesce(today.pairs, 0) * 1.0 / nullif(sum(today.pairs) over (partition by params.field), 0) as double
    ) as share_taken
from params
left join today on params.field = today.field and params.level = today.level
