-- Law: a message is in a slot that its channel has. No page or e-mail would show another one.
select messages.message_code
from {{ ref('messages') }} as messages
left join {{ ref('message_slots') }} as slots on messages.channel = slots.channel and messages.slot = slots.slot
where slots.slot is null
