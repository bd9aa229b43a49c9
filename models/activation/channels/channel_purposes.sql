-- One row per channel and purpose that a customer must allow before the channel may address them.
{% for channel in (channel_properties() if execute else []) %}
{% for purpose in channel.purposes %}
select '{{ channel.channel }}' as channel, '{{ purpose }}' as purpose
union all
{% endfor %}
{% endfor %}
-- Channels without purposes have no rows.
select cast(null as string) as channel, cast(null as string) as purpose
where false
