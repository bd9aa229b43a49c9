-- One row per customer and profile field that has a value, with the record the value is from and when that record last
-- changed.
with

sources as (

    {% for field in golden_fields() %}
    select
        customer_key,
        '{{ field }}' as field,
        {{ field }}_from as record_id
    from {{ ref('int_golden_records') }}
    where {{ field }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

records as (

    select
        customer_key,
        record_id,
        min(source_system) as source_system,
        max(updated_at) as updated_at
    from {{ ref('int_contact_records') }}
    group by customer_key, record_id

)

select
    sources.customer_key,
    sources.field,
    sources.record_id,
    records.source_system,
    records.updated_at
from sources
left join records on sources.customer_key = records.customer_key and sources.record_id = records.record_id
