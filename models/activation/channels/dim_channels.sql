-- One row per channel: the settings from its YAML, and the platform's limits.
{% for channel in (channel_properties() if execute else []) %}
select
    '{{ channel.channel }}' as channel,
    {{ quoted(channel.label) }} as label,
    {{ quoted(channel.purposes) }} as purposes,
    {{ 'true' if channel.purposes else 'false' }} as needs_permission,
    {{ channel.needs_explicit_consent | lower }} as needs_explicit_consent,
    '{{ channel.picks_by }}' as picks_by,
    limits.minimum_size,
    limits.maximum_membership_days
from (select '{{ channel.channel }}' as channel) as this_channel
left join {{ ref('channel_limits') }} as limits on this_channel.channel = limits.channel
{{ 'union all' if not loop.last }}
{% else %}
select null as channel from {{ ref('channel_limits') }}
{% endfor %}
