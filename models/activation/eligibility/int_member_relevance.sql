-- One row per segment that names a score as its relevance and member who has one: how much it is about them.
with

members as (

    select
        membership.segment_code,
        membership.customer_key,
        case membership.segment_code
            {% for segment in (segment_properties() if execute else []) if segment.get('relevance') %}
            when '{{ segment.code }}' then cast(profile.{{ segment.relevance }} as double)
            {% endfor %}
            when '' then null
        end as relevance
    from {{ ref('segment_membership') }} as membership
    inner join {{ ref('dim_segments') }} as segments on membership.segment_code = segments.segment_code
    inner join {{ ref('customer_360') }} as profile on membership.customer_key = profile.customer_key
    where segments.relevance <> ''

)

select
    cast(segment_code as string) as segment_code,
    cast(customer_key as string) as customer_key,
    cast(relevance as double) as relevance
from members
where relevance is not null
