-- One row per channel and audience that a platform told its match rate of, the latest; audience 'all' pools the
-- latest of all its audiences.
with

latest as (

    select * from {{ ref('stg_platforms__match_results') }}
    where rows_uploaded > 0
    qualify row_number() over (
        partition by channel, audience_code order by measured_at desc, rows_uploaded desc, rows_matched desc
    ) = 1

)

select
    cast(channel as string) as channel,
    cast(audience_code as string) as audience_code,
    cast(least(rows_matched / cast(rows_uploaded as double), 1) as double) as match_rate,
    cast(measured_at as timestamp) as measured_at
from latest
union all
select
    cast(channel as string) as channel,
    cast('all' as string) as audience_code,
    cast(least(sum(rows_matched) / cast(sum(rows_uploaded) as double), 1) as double) as match_rate,
    cast(max(measured_at) as timestamp) as measured_at
from latest
group by channel
