-- One row per channel and customer addressed there: all their segments for the channel, the primary one, and which
-- variants of their bandits to show.
{% set precedence = segment_precedence('members.priority', 'members.segment_code') %}
select
    members.channel,
    members.customer_key,
    {{ json_text_array('members.segment_code') }} as segment_codes,
    min_by(members.segment_code, {{ precedence }}) as primary_segment,
    min_by(members.entered_at, {{ precedence }}) as entered_at,
    case
        when count(choices.variant) = 0 then '[]'
        else {{ json_text_array("choices.segment_code || ':' || choices.variant") }}
    end as variants
from {{ ref('int_audience_members') }} as members
left join {{ ref('int_bandit_choices') }} as choices
    on members.segment_code = choices.segment_code and members.customer_key = choices.customer_key
group by members.channel, members.customer_key
