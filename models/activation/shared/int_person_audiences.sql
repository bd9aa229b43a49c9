-- One row per channel and customer addressed there: all their segments for the channel, and the first of them.
select
    cast(channel as {{ dbt.type_string() }}) as channel,
    cast(customer_key as {{ dbt.type_string() }}) as customer_key,
    cast({{ json_text_array('segment_code') }} as {{ dbt.type_string() }}) as segment_codes,
    cast(min_by(segment_code, lpad(cast(priority as {{ dbt.type_string() }}), 9, '0') || segment_code)
        as {{ dbt.type_string() }}) as primary_segment,
    cast(min_by(entered_at, lpad(cast(priority as {{ dbt.type_string() }}), 9, '0') || segment_code) as timestamp) as entered_at
from {{ ref('int_audience_members') }}
group by channel, customer_key
