-- One row per message that may be shown or sent now.
select
    message_code,
    segment_code,
    channel,
    slot,
    headline,
    body,
    offer_code,
    image_url,
    tone,
    valid_from,
    valid_until,
    priority,
    row_number() over (partition by segment_code, channel, slot order by priority, message_code) = 1 as is_first,
    content_json
from {{ ref('int_message_contents') }}
where
    (valid_from is null or valid_from <= {{ as_of() }})
    and (valid_until is null or valid_until > {{ as_of() }})
