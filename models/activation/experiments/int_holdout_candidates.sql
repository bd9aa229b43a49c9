-- One row per member of a segment with a holdout, with the stratum for the assignment.
select
    segments.holdout_experiment as experiment_code,
    membership.segment_code,
    membership.customer_key,
    segments.holdout_share,
    segments.holdout_salt,
    segments.holdout_stratum <> '' as is_stratified,
    case membership.segment_code
        {% for segment in (segment_properties() if execute else []) if segment.get('holdout', {}).get('stratify_by') %}
        when '{{ segment.code }}' then coalesce(cast(profile.{{ segment.holdout.stratify_by }} as string), 'unknown')
        {% endfor %}
        when '' then null
        else 'all'
    end as stratum
from {{ ref('segment_membership') }} as membership
inner join {{ ref('dim_segments') }} as segments on membership.segment_code = segments.segment_code
inner join {{ ref('customer_360') }} as profile on membership.customer_key = profile.customer_key
where segments.holdout_experiment <> ''
