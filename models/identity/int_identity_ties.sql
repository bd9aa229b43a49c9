-- One row per tie and record it connects: an identifier that records share, a match of their details, or a steward's
-- link; and how much it ties (bits).
with

links as (

    select * from {{ ref('int_identity_links') }}

),

decided as (

    select
        left_id_type || ' ' || left_id_value || ' = ' || right_id_type || ' ' || right_id_value as decision,
        left_id_type as id_type,
        left_id_value as id_value
    from {{ ref('int_identity_decisions') }}
    where decision = 'link'
    union all
    select
        left_id_type || ' ' || left_id_value || ' = ' || right_id_type || ' ' || right_id_value,
        right_id_type,
        right_id_value
    from {{ ref('int_identity_decisions') }}
    where decision = 'link'

),

matches as (

    select left_record_id, right_record_id, match_weight
    from {{ ref('int_matches') }}
    where verdict = 'taken'

)

select
    links.id_type,
    links.id_value,
    links.record_id,
    cast(rules.tie_weight as double) as tie_weight
from links
inner join {{ ref('identity_rules') }} as rules on links.id_type = rules.id_type
union all
select 'match', left_record_id || ' = ' || right_record_id, left_record_id, cast(match_weight as double)
from matches
union all
select 'match', left_record_id || ' = ' || right_record_id, right_record_id, cast(match_weight as double)
from matches
union all
select distinct 'decision', decided.decision, records.record_id, cast(1000 as double)
from decided
inner join {{ ref('int_identity_records') }} as records
    on decided.id_type = records.id_type and decided.id_value = records.id_value
