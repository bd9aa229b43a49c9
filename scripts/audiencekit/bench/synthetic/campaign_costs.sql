select
    'k' || campaign as campaign_id,
    channel,
    cast(cast(getvariable('as_of') as date) - cast(30 * campaign - 18 as integer) as timestamp) as spent_at,
    cast(500 + 100 * campaign as double) as cost,
    cast(null as varchar) as currency,
    cast(null as timestamp) as updated_at
from range(1, 25) as t (campaign)
cross join (values ('email'), ('meta')) as c (channel)
