-- One row per segment: its rule, and all its YAML says of it.

{% for segment in (segment_properties() if execute else []) %}
select
    cast('{{ segment.code }}' as string) as segment_code,
    -- Ad platforms see this and not the name: names of audiences are read, and can tell on people.
    cast('ak_' || substring({{ sha256_hex(quoted(var('key_salt') ~ '|' ~ segment.code)) }}, 1, 10) as string) as audience_code,
    cast({{ quoted(segment.label) }} as string) as label,
    cast({{ quoted(segment.owner) }} as string) as owner,
    cast('{{ segment.kind }}' as string) as kind,
    cast({{ quoted(segment.refresh) }} as string) as refresh,
    cast({{ segment.priority }} as bigint) as priority,
    cast({{ segment.minimum_share }} as double) as minimum_share,
    cast({{ quoted(segment.needs) }} as string) as needs,
    cast({{ quoted(segment.get('needs_model', '')) }} as string) as needs_model,
    cast({{ quoted(segment.channels) }} as string) as channels,
    cast({{ segment.suppress_inactive | lower }} as boolean) as suppress_inactive,
    cast({{ quoted(segment.get('excludes', [])) }} as string) as excludes,
    cast({{ quoted(segment.get('exclusive_group', '')) }} as string) as exclusive_group,
    cast({{ quoted(segment.get('relevance', '')) }} as string) as relevance,
    cast({{ quoted(segment.get('holdout', {}).get('experiment', '')) }} as string) as holdout_experiment,
    cast({{ segment.get('holdout', {}).get('share', 0) }} as double) as holdout_share,
    cast({{ quoted(segment.get('holdout', {}).get('stratify_by', '')) }} as string) as holdout_stratum,
    cast({{ quoted(segment.get('challenges', '')) }} as string) as challenges,
    cast({{ segment.get('holdout', {}).get('attribution_days', 30) }} as bigint) as attribution_days,
    cast({{ quoted(segment.strategy.objective) }} as string) as objective,
    cast({{ quoted(segment.strategy.messaging_themes) }} as string) as messaging_themes,
    cast({{ quoted(segment.strategy.offer) }} as string) as offer,
    cast({{ quoted(segment.strategy.success_metric) }} as string) as success_metric,
    cast({{ quoted(segment.definition) }} as string) as definition,
    cast('{{ segment.definition_hash }}' as string) as definition_hash
{{ 'union all' if not loop.last }}
{% else %}
select null as segment_code
{% endfor %}
