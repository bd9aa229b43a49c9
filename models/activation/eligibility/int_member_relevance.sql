-- One row per member of a segment that names a relevance score, where the member has that score.
with

members as (

    select
        membership.segment_code,
        membership.customer_key,
        case membership.segment_code
            {% for segment in (segment_properties() if execute else []) if segment.get('relevance') %}
            when '{{ segment.code }}' then cast(profile.{{ segment.relevance }} as double)
            {% endfor %}
            when '' then cast(null as double)
        end as relevance
    from {{ ref('segment_membership') }} as membership
    inner join {{ ref('dim_segments') }} as segments on membership.segment_code = segments.segment_code
    inner join {{ ref('customer_360') }} as profile on membership.customer_key = profile.customer_key
    where segments.relevance <> ''

)

select segment_code, customer_key, relevance
from members
where relevance is not null
