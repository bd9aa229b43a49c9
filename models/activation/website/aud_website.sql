-- One row per login or device of a customer, with the segments the website may show them something for.
-- Holds no contact data: it is looked up from a browser.
with

handles as (

    select customer_key, 'user_id' as id_type, id_value
    from {{ ref('int_identifiers') }}
    where id_type = 'account_id'
    union all
    select customer_key, 'anonymous_id', anonymous_id
    from {{ ref('int_anonymous_visitors') }}

),

addressed as (

    select
        handles.id_type,
        handles.id_value,
        people.segment_codes as segments_json,
        people.customer_key as resolved_customer_key,
        {{ dbt.dateadd('day', 'limits.maximum_membership_days', as_of()) }} as expires_at
    from {{ ref('int_person_audiences') }} as people
    inner join handles on people.customer_key = handles.customer_key
    inner join {{ ref('channel_limits') }} as limits on people.channel = limits.channel
    where people.channel = 'website'

)

select
    {{ audience_row_id('website', 'id_type', 'id_value') }} as audience_row_id,
    cast('all' as string) as audience_code,
    cast(id_type as string) as id_type,
    cast(id_value as string) as id_value,
    segments_json,
    resolved_customer_key,
    cast(expires_at as timestamp) as expires_at,
    {{ audience_stamp(['id_type', 'id_value', 'segments_json', 'resolved_customer_key', 'expires_at']) }}
from addressed
