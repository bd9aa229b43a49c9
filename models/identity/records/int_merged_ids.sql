-- One row per id that its source merged into another one, and the id that is left.
with

merged_pairs as (

    {% for source, id_type in [('stg_crm__contacts', 'contact_id'), ('stg_shop__accounts', 'account_id')] %}
    select
        '{{ id_type }}' as id_type,
        {{ each_of('merged_ids') }} as merged_id,
        {{ id_type }} as id_value
    from {{ ref(source) }}
    where merged_ids is not null
    union all
    select
        '{{ id_type }}',
        {{ id_type }},
        merged_into_id
    from {{ ref(source) }}
    where merged_into_id is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select distinct
    id_type,
    merged_id,
    id_value
from merged_pairs
where merged_id <> id_value
