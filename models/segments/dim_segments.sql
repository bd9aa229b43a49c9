-- One row per segment: its rule, and all its YAML says of it.
{% set text = dbt.type_string() %}

{% for segment in (segment_properties() if execute else []) %}
select
    cast('{{ segment.code }}' as {{ text }}) as segment_code,
    -- Ad platforms see this and not the name: names of audiences are read, and can tell on people.
    cast('ak_' || substring({{ sha256_hex(quoted(var('key_salt') ~ '|' ~ segment.code)) }}, 1, 10) as {{ text }}) as audience_code,
    cast({{ quoted(segment.label) }} as {{ text }}) as label,
    cast({{ quoted(segment.owner) }} as {{ text }}) as owner,
    cast('{{ segment.kind }}' as {{ text }}) as kind,
    cast({{ quoted(segment.refresh) }} as {{ text }}) as refresh,
    cast({{ segment.priority }} as bigint) as priority,
    cast({{ segment.minimum_share }} as double) as minimum_share,
    cast({{ quoted(segment.needs) }} as {{ text }}) as needs,
    cast({{ quoted(segment.channels) }} as {{ text }}) as channels,
    cast({{ segment.suppress_inactive | lower }} as boolean) as suppress_inactive,
    cast({{ quoted(segment.strategy.objective) }} as {{ text }}) as objective,
    cast({{ quoted(segment.strategy.messaging_themes) }} as {{ text }}) as messaging_themes,
    cast({{ quoted(segment.strategy.offer) }} as {{ text }}) as offer,
    cast({{ quoted(segment.strategy.success_metric) }} as {{ text }}) as success_metric,
    cast({{ quoted(segment.definition) }} as {{ text }}) as definition,
    cast('{{ segment.definition_hash }}' as {{ text }}) as definition_hash
{{ 'union all' if not loop.last }}
{% else %}
select null as segment_code
{% endfor %}
