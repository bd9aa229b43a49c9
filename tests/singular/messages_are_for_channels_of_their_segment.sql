-- Law: a message is for a channel that its segment lists. Nobody would ever get another one.
select messages.message_code
from {{ ref('messages') }} as messages
left join {{ ref('segment_channels') }} as segment_channels
    on messages.segment_code = segment_channels.segment_code and messages.channel = segment_channels.channel
where messages.segment_code is not null and segment_channels.channel is null
