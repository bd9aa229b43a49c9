-- One row per channel and customer addressed there: all their segments for the channel, and the first of them.
select
    cast(channel as string) as channel,
    cast(customer_key as string) as customer_key,
    cast({{ json_text_array('segment_code') }} as string) as segment_codes,
    cast(min_by(segment_code, {{ segment_standing('priority', 'segment_code') }}) as string) as primary_segment,
    cast(min_by(entered_at, {{ segment_standing('priority', 'segment_code') }}) as timestamp) as entered_at
from {{ ref('int_audience_members') }}
group by channel, customer_key
