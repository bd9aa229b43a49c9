-- One row per field and level of agreement: how often two records of one person, of one household and of any two people
-- agree at that level, how strong that evidence is (bits), and how often records that are linked today agree at it.
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

linked as (

    select pattern, count(*) as pairs
    from {{ ref('int_matches') }}
    where verdict = 'taken'
    group by pattern

),

levels as (

    {{ pattern_levels('linked', kept='pairs') }}

),

today as (

    select field, level, cast(sum(pairs) as bigint) as pairs
    from levels
    where level <> '-'
    group by field, level

)

select
    params.field,
    params.level,
    params.share_same,
    params.share_household,
    params.share_random,
    ln(params.share_same / params.share_random) / ln(2) as bits,
    coalesce(today.pairs, 0) as pairs_taken,
    coalesce(today.pairs, 0)
    / nullif(cast(sum(today.pairs) over (partition by params.field) as double), 0) as share_taken
from params
left join today on params.field = today.field and params.level = today.level
