-- One row per message of the seed, with its content as JSON. It is the same at any moment, so a build writes it once.
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
    {{ json_text({
        'message_code': json_string('message_code'),
        'headline': json_string('headline'),
        'body': json_string('body'),
        'offer_code': json_string('offer_code'),
        'image_url': json_string('image_url'),
        'tone': json_string('tone')
    }) }} as content_json
from {{ ref('messages') }}
