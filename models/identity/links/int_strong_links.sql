-- One row per strong link and record it connects, with the weight of the link in bits. A strong link is a login, card
-- or contact id that records share, a merge of two such ids in their source, an accepted match of details, or a
-- steward's decision.
with

link_decisions as (

    {% for side in ['left', 'right'] %}
    select
        left_id_type || ' ' || left_id_value || ' = ' || right_id_type || ' ' || right_id_value as decision,
        {{ side }}_id_type as id_type,
        {{ side }}_id_value as id_value
    from {{ ref('int_steward_decisions') }}
    where decision = 'link'
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- An id that is not one person's, such as a placeholder, ties nobody.
merged_pairs as (

    select
        merged.id_type || ' ' || merged.merged_id || ' into ' || merged.id_value as merged_pair,
        merged.id_type,
        merged.merged_id,
        merged.id_value
    from {{ ref('int_merged_ids') }} as merged
    left join {{ ref('int_shared_ids') }} as shared_merged
        on merged.id_type = shared_merged.id_type and merged.merged_id = shared_merged.id_value
    left join {{ ref('int_shared_ids') }} as shared_kept
        on merged.id_type = shared_kept.id_type and merged.id_value = shared_kept.id_value
    where shared_merged.id_value is null and shared_kept.id_value is null

),

merge_sides as (

    select merged_pair, id_type, merged_id as id_value from merged_pairs
    union all
    select merged_pair, id_type, id_value from merged_pairs

)

select
    id_type,
    id_value,
    record_id,
    link_weight
from {{ ref('int_linkable_identifiers') }}
where not is_shared_in_households
{% for side in ['left', 'right'] %}
union all
select 'match', left_record_id || ' = ' || right_record_id, {{ side }}_record_id, match_weight
from {{ ref('int_matches') }}
where verdict = 'taken'
{% endfor %}
union all
select distinct 'decision', link_decisions.decision, records.record_id, cast(1000 as double)
from link_decisions
inner join {{ ref('int_record_identifiers') }} as records
    on link_decisions.id_type = records.id_type and link_decisions.id_value = records.id_value
union all
select distinct 'merge', merge_sides.merged_pair, records.record_id, cast(95 as double)
from merge_sides
inner join {{ ref('int_record_identifiers') }} as records
    on merge_sides.id_type = records.id_type and merge_sides.id_value = records.id_value
