-- One row per customer and field of their profile that has a value: the record it is from, and how old that is.
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
    cast(sources.customer_key as string) as customer_key,
    cast(sources.field as string) as field,
    cast(sources.record_id as string) as record_id,
    cast(records.source_system as string) as source_system,
    cast(records.updated_at as timestamp) as updated_at
from sources
left join records on sources.customer_key = records.customer_key and sources.record_id = records.record_id
