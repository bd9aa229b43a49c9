-- One row per channel and customer addressed there: all their segments for the channel, the first of them, and which
-- variants of their bandits they are shown.
{% set standing = segment_standing('members.priority', 'members.segment_code') %}
select
    cast(members.channel as string) as channel,
    cast(members.customer_key as string) as customer_key,
    cast({{ json_text_array('members.segment_code') }} as string) as segment_codes,
    cast(min_by(members.segment_code, {{ standing }}) as string) as primary_segment,
    cast(min_by(members.entered_at, {{ standing }}) as timestamp) as entered_at,
    cast(case
        when count(choices.variant) = 0 then '[]'
        else {{ json_text_array("choices.segment_code || ':' || choices.variant") }}
    end as string) as variants
from {{ ref('int_audience_members') }} as members
left join {{ ref('int_bandit_choices') }} as choices
    on members.segment_code = choices.segment_code and members.customer_key = choices.customer_key
group by members.channel, members.customer_key
