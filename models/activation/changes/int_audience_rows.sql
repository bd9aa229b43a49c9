-- One row per row of every audience table: where, whom, what it says (as a hash), and what a platform needs to
-- take it away again. The next build compares itself with this.

{% for said in (channel_properties() if execute else channels()) %}
{% set channel = said.channel or said %}
select
    cast('{{ channel }}' as string) as channel,
    audience_code,
    audience_row_id,
    {{ said.person or 'audience_code' }} as customer_key,
    row_hash,
    cast({{ json_text_object(said.removed_by or ['audience_code']) }} as string) as identifiers,
    build_id,
    updated_at
from {{ ref('aud_' ~ channel) }}
{{ 'union all' if not loop.last }}
{% endfor %}
