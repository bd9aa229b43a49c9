-- One row per pair of identifiers that a steward decided about, with both written as in int_record_identifiers.
{% set sides = ['left', 'right'] %}
with

decisions as (

    select * from {{ ref('stg_stewards__identity_decisions') }}

),

-- A national phone number that is valid in two countries names no person.
points as (

    select
        kind,
        raw_value,
        min(contact_point) as contact_point
    from {{ ref('int_contact_points') }}
    where contact_point is not null
    group by kind, raw_value
    having count(distinct contact_point) = 1

),

normalised as (

    select
        decisions.decision,
        {% for side in sides -%}
        decisions.{{ side }}_id_type,
        case
            when decisions.{{ side }}_id_type in ('email', 'phone') then {{ side }}_points.contact_point
            else decisions.{{ side }}_id_value
        end as {{ side }}_id_value,
        decisions.{{ side }}_id_type
        || ' ' || coalesce({{ side }}_points.contact_point, decisions.{{ side }}_id_value) as {{ side }}_name,
        {% endfor -%}
        decisions.decided_at
    from decisions
    {% for side in sides -%}
    left join points as {{ side }}_points
        on
            decisions.{{ side }}_id_type = {{ side }}_points.kind
            and decisions.{{ side }}_id_value = {{ side }}_points.raw_value
    {% endfor %}

)

select
    decision,
    left_id_type,
    left_id_value,
    right_id_type,
    right_id_value,
    decided_at
from normalised
-- The order of the two identifiers does not matter. The latest decision counts.
qualify row_number() over (
    partition by least(left_name, right_name), greatest(left_name, right_name)
    order by decided_at desc, decision desc, left_name
) = 1
