-- One row per segment that keeps a holdout and member of it, with what the draw is to be even in.
select
    cast(segments.holdout_experiment as string) as experiment_code,
    cast(membership.segment_code as string) as segment_code,
    cast(membership.customer_key as string) as customer_key,
    cast(segments.holdout_share as double) as holdout_share,
    cast(segments.holdout_stratum <> '' as boolean) as is_stratified,
    cast(case membership.segment_code
        {% for segment in (segment_properties() if execute else []) if segment.get('holdout', {}).get('stratify_by') %}
        when '{{ segment.code }}' then coalesce(cast(profile.{{ segment.holdout.stratify_by }} as string), 'unknown')
        {% endfor %}
        when '' then null
        else 'all'
    end as string) as stratum
from {{ ref('segment_membership') }} as membership
inner join {{ ref('dim_segments') }} as segments on membership.segment_code = segments.segment_code
inner join {{ ref('customer_360') }} as profile on membership.customer_key = profile.customer_key
where segments.holdout_experiment <> ''
