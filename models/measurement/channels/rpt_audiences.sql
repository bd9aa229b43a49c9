-- One row per channel: its audience rows, the customers in segments for it, and why it is empty if it is.
with

published as (

    {% for channel in channels() %}
    select
        '{{ channel }}' as channel,
        count(*) as audience_rows,
        count(distinct audience_code) as audiences
    from {{ ref('aud_' ~ channel) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

people as (

    select
        channel,
        count(distinct customer_key) as people
    from {{ ref('int_audience_members') }}
    group by channel

),

refusals as (

    select
        channel,
        refused_because,
        row_number() over (partition by channel order by count(*) desc, refused_because) as place
    from {{ ref('int_channel_permissions') }}
    where not is_allowed
    group by channel, refused_because

)

select
    published.channel,
    published.audiences,
    published.audience_rows,
    coalesce(people.people, 0) as addressable_people,
    case
        when published.audience_rows > 0 then 'ready'
        when people.people > 0 then 'empty: nobody in it can be reached there'
        when refusals.refused_because is not null then 'empty: not allowed, mostly ' || refusals.refused_because
        else 'empty: nobody is in a segment for it'
    end as status
from published
left join people on published.channel = people.channel
left join refusals on published.channel = refusals.channel and refusals.place = 1
