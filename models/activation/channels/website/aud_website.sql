-- One row per login or device of a customer, with the segments the website may show them something for.
-- Holds no contact data: it is looked up from a browser.
{% set days_of_history = 'cast(floor(' ~ elapsed('day', "cast('1970-01-01' as timestamp)", as_of()) ~ ') as bigint)' %}
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
        people.variants as variants_json,
        people.customer_key as resolved_customer_key,
        -- Put off twice in a term and not at every build, so that a row changes when it has something to say.
        {{ dbt.dateadd(
            'day',
            'limits.maximum_membership_days - ' ~ days_of_history ~ ' % (limits.maximum_membership_days / 2)',
            dbt.date_trunc('day', as_of())
        ) }} as expires_at
    from {{ ref('int_customer_audiences') }} as people
    inner join handles on people.customer_key = handles.customer_key
    inner join {{ ref('dim_channels') }} as limits on people.channel = limits.channel
    where people.channel = 'website'

),

said as (

    select
        {{ audience_row_id('website', 'id_type', 'id_value') }} as audience_row_id,
        cast('all' as string) as audience_code,
        cast(id_type as string) as id_type,
        cast(id_value as string) as id_value,
        segments_json,
        variants_json,
        resolved_customer_key,
        cast(expires_at as timestamp) as expires_at,
        {{ row_hash([
            'id_type', 'id_value', 'segments_json', 'variants_json', 'resolved_customer_key', 'expires_at'
        ]) }} as row_hash
    from addressed

)

select
    said.*,
    {{ since_last_change() }}
from said
left join {{ ref('stg_ledger__audience_rows') }} as last_rows
    on
        last_rows.channel = 'website'
        and said.audience_row_id = last_rows.audience_row_id
        and said.row_hash = last_rows.row_hash
