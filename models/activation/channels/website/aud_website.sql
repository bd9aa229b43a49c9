-- One row per login or device of a customer, with the segments the website may show them something for, and what to
-- show. It holds no contact data, because a browser looks it up.
{% set day_number = 'cast(floor(' ~ elapsed('day', "cast('1970-01-01' as timestamp)", as_of()) ~ ') as bigint)' %}
with

visitor_ids as (

    select customer_key, 'user_id' as id_type, id_value
    from {{ ref('int_identifiers') }}
    -- A login that is an address is contact data.
    where id_type = 'account_id' and id_value not like '%@%'
    union all
    select customer_key, 'anonymous_id', anonymous_id
    from {{ ref('int_anonymous_visitors') }}

),

shape as (

    select
        'all' as audience_code,
        visitor_ids.id_type,
        visitor_ids.id_value,
        audiences.segment_codes as segments_json,
        audiences.variants as variants_json,
        audiences.messages_json,
        audiences.customer_key as resolved_customer_key,
        -- Extended twice a term and not by every build, so that the row does not change every day.
        {{ dbt.dateadd(
            'day',
            'limits.maximum_membership_days - ' ~ day_number ~ ' % (limits.maximum_membership_days / 2)',
            dbt.date_trunc('day', as_of())
        ) }} as expires_at
    from {{ ref('int_customer_audiences') }} as audiences
    inner join visitor_ids on audiences.customer_key = visitor_ids.customer_key
    inner join {{ ref('dim_channels') }} as limits on audiences.channel = limits.channel
    where audiences.channel = 'website'

)

{{ audience_rows('shape', channel='website', key=['id_type', 'id_value'], hashed=[
    'id_type', 'id_value', 'segments_json', 'variants_json', 'messages_json', 'resolved_customer_key', 'expires_at'
]) }}
