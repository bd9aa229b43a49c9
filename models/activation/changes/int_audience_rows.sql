-- One row per audience row of every channel: its customer, its hash, and the identifiers by which the platform removes
-- it. The next build compares its own rows with these.

{% for properties in (channel_properties() if execute else channels()) %}
{% set channel = properties.channel or properties %}
select
    '{{ channel }}' as channel,
    audience_code,
    audience_row_id,
    {{ properties.customer_column or 'audience_code' }} as customer_key,
    row_hash,
    {{ json_text_object(properties.removed_by or ['audience_code']) }} as identifiers,
    build_id,
    updated_at
from {{ ref('aud_' ~ channel) }}
{{ 'union all' if not loop.last }}
{% endfor %}
