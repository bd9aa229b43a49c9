-- One row per segment: its rule, and the settings in its YAML.
with

-- What the groups of micro-segments are called today.
group_names as (

    select
        params.group_id,
        upper(substring(params.label, 1, 1)) || substring(params.label, 2) as label
    from {{ ref('model_params') }} as params
    inner join {{ ref('int_champions') }} as champions
        on params.model_code = champions.model_code and params.version = champions.version
    where params.model_code = 'micro_segments' and params.part = 'name'

)

{% for segment in (segment_properties() if execute else []) %}
select
    '{{ segment.code }}' as segment_code,
    -- Ad platforms see this code instead of the name, because the name of an audience can reveal something about
    -- people.
    'ak_' || substring({{ sha256_hex(quoted(var('key_salt') ~ '|' ~ segment.code)) }}, 1, 10) as audience_code,
    {% if segment.group %}
    coalesce(
        (select max(label) from group_names where group_id = {{ segment.group }}) || ' ({{ segment.group }})',
        {{ quoted(segment.label) }}
    ) as label,
    {% else %}
    {{ quoted(segment.label) }} as label,
    {% endif %}
    {{ quoted(segment.owner) }} as owner,
    '{{ segment.kind }}' as kind,
    {{ quoted(segment.refresh) }} as refresh,
    cast({{ segment.priority }} as bigint) as priority,
    cast({{ segment.minimum_share }} as double) as minimum_share,
    {{ quoted(segment.needs) }} as needs,
    {{ quoted(segment.get('needs_model', '')) }} as needs_model,
    {{ quoted(segment.channels) }} as channels,
    {{ quoted(segment.get('topic', '')) }} as topic,
    {{ segment.suppress_inactive | lower }} as suppress_inactive,
    {{ quoted(segment.get('excludes', [])) }} as excludes,
    {{ quoted(segment.get('exclusive_group', '')) }} as exclusive_group,
    {{ quoted(segment.get('relevance', '')) }} as relevance,
    {{ quoted(segment.get('picks_channel_by', '')) }} as picks_channel_by,
    {{ quoted(segment.get('holdout', {}).get('experiment', '')) }} as holdout_experiment,
    cast({{ segment.get('holdout', {}).get('share', 0) }} as double) as holdout_share,
    {{ quoted(segment.get('holdout', {}).get('stratify_by', '')) }} as holdout_stratum,
    -- The draws of a live action read this salt of the experiment: the project's own salt is not published.
    {{ sha256_hex(quoted(var('key_salt') ~ '|holdout|' ~ segment.get('holdout', {}).get('experiment', ''))) }}
        as holdout_salt,
    {{ quoted(segment.get('challenges', '')) }} as challenges,
    cast({{ segment.get('holdout', {}).get('attribution_days', 30) }} as bigint) as attribution_days,
    {{ quoted(segment.strategy.objective) }} as objective,
    {{ quoted(segment.strategy.messaging_themes) }} as messaging_themes,
    {{ quoted(segment.strategy.offer) }} as offer,
    {{ quoted(segment.strategy.success_metric) }} as success_metric,
    {{ quoted(segment.definition) }} as definition,
    '{{ segment.definition_hash }}' as definition_hash
{{ 'union all' if not loop.last }}
{% else %}
select null as segment_code
{% endfor %}
