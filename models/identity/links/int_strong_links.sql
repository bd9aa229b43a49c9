-- One row per firm tie and record it connects: a login, card or contact id that records share, a match of their
-- details, or a steward's link; and how much it ties (bits).
with

decided as (

    {% for side in ['left', 'right'] %}
    select
        left_id_type || ' ' || left_id_value || ' = ' || right_id_type || ' ' || right_id_value as decision,
        {{ side }}_id_type as id_type,
        {{ side }}_id_value as id_value
    from {{ ref('int_steward_decisions') }}
    where decision = 'link'
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    id_type,
    id_value,
    record_id,
    tie_weight
from {{ ref('int_linkable_identifiers') }}
where not is_shared_in_households
{% for side in ['left', 'right'] %}
union all
select 'match', left_record_id || ' = ' || right_record_id, {{ side }}_record_id, cast(match_weight as double)
from {{ ref('int_matches') }}
where verdict = 'taken'
{% endfor %}
union all
select distinct 'decision', decided.decision, records.record_id, cast(1000 as double)
from decided
inner join {{ ref('int_record_identifiers') }} as records
    on decided.id_type = records.id_type and decided.id_value = records.id_value
