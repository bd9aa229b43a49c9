-- One row per month of purchase, campaign, channel and attribution method: the purchases and revenue it gives them.
-- Purchases without a touch have no campaign, so that every method adds up to all purchases of known customers.
{% for method in ['first', 'last', 'linear', 'position'] %}
select
    cast({{ dbt.date_trunc('month', shop_time('ordered_at')) }} as date) as month_on,
    campaign_id,
    channel,
    cast('{{ method }}' as string) as method,
    {{ exact_sum(method ~ '_share') }} as purchases,
    {{ exact_sum(method ~ '_share * net_revenue') }} as revenue
from {{ ref('int_attribution') }}
group by 1, 2, 3
{{ 'union all' if not loop.last }}
{% endfor %}
