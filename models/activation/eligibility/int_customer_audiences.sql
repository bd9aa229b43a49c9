-- One row per channel and customer addressed there: all their segments for the channel, the primary one, which
-- variants of their bandits to show, and the message for each slot.
{% set precedence = segment_precedence('members.priority', 'members.segment_code') %}
with

audiences as (

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

),

contents as (

    select
        shown.channel,
        shown.customer_key,
        {{ json_object_of_rows("'\"' || shown.slot || '\":' || messages.content_json") }} as messages_json
    from {{ ref('int_customer_messages') }} as shown
    inner join {{ ref('dim_messages') }} as messages on shown.message_code = messages.message_code
    group by shown.channel, shown.customer_key

)

select
    audiences.channel,
    audiences.customer_key,
    audiences.segment_codes,
    audiences.primary_segment,
    audiences.entered_at,
    audiences.variants,
    coalesce(contents.messages_json, {{ json_text({}) }}) as messages_json
from audiences
left join contents on audiences.channel = contents.channel and audiences.customer_key = contents.customer_key
