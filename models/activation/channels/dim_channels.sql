-- One row per channel: what its YAML says of it, and the platform's limits as last read.

{% for said in (channel_properties() if execute else []) %}
select
    cast('{{ said.channel }}' as string) as channel,
    cast({{ quoted(said.label) }} as string) as label,
    cast({{ quoted(said.purposes) }} as string) as purposes,
    cast({{ 'true' if said.purposes else 'false' }} as boolean) as needs_permission,
    cast({{ said.needs_own_yes | lower }} as boolean) as needs_own_yes,
    cast('{{ said.picks_by }}' as string) as picks_by,
    cast(limits.minimum_size as bigint) as minimum_size,
    cast(limits.maximum_membership_days as bigint) as maximum_membership_days
from (select '{{ said.channel }}' as channel) as known
left join {{ ref('channel_limits') }} as limits on known.channel = limits.channel
{{ 'union all' if not loop.last }}
{% else %}
select null as channel from {{ ref('channel_limits') }}
{% endfor %}
