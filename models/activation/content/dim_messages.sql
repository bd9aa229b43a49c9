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
    {{ json_text({
        'message_code': json_string('message_code'),
        'headline': json_string('headline'),
        'body': json_string('body'),
        'offer_code': json_string('offer_code'),
        'image_url': json_string('image_url'),
        'tone': json_string('tone')
    }) }} as content_json
from {{ ref('messages') }}
where
    (valid_from is null or valid_from <= {{ as_of() }})
    and (valid_until is null or valid_until > {{ as_of() }})
