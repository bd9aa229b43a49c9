-- One row per channel and audience with a match rate from the platform, the latest one. Audience 'all' pools the
-- latest results of all audiences of the channel.
with

latest as (

    select * from {{ ref('stg_platforms__match_results') }}
    where rows_uploaded > 0
    qualify row_number() over (
        partition by channel, audience_code order by measured_at desc, rows_uploaded desc, rows_matched desc
    ) = 1

)

select
    channel,
    audience_code,
    least(rows_matched / cast(rows_uploaded as double), 1) as match_rate,
    measured_at
from latest
union all
select
    channel,
    'all' as audience_code,
    least(sum(rows_matched) / cast(sum(rows_uploaded) as double), 1) as match_rate,
    max(measured_at) as measured_at
from latest
group by channel
