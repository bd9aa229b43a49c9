-- One row per moment at which somebody had bought twice: the shop's median gap between a customer's purchases.
select
    moment_at,
    round(percentile_cont(0.5) within group (order by gap_mean_days), 6) as median_gap_days
from {{ ref('feat_orders') }}
where gap_mean_days is not null
group by moment_at
