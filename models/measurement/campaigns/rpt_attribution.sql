-- One row per month of purchase, campaign, channel and way of sharing: the purchases and revenue it gives them. What
-- nothing touched has no campaign, so that every way adds up to all purchases of known customers.
with

shares as (

    select * from {{ ref('int_attribution') }}

)

{% for method in ['first', 'last', 'linear', 'position'] %}
select
    cast({{ dbt.date_trunc('month', 'ordered_at') }} as date) as month_on,
    campaign_id,
    channel,
    cast('{{ method }}' as string) as method,
    cast({{ exact_sum(method ~ '_share') }} as double) as purchases,
    cast({{ exact_sum(method ~ '_share * net_usd') }} as double) as revenue_usd
from shares
group by 1, 2, 3
{{ 'union all' if not loop.last }}
{% endfor %}
