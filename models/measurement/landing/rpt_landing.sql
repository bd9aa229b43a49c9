-- One row per landing table: what came in, what was refused, what was a duplicate, how fresh it is.
{% set staged = {
    'orders': ref('stg_shop__orders'), 'order_lines': ref('stg_shop__order_lines'), 'products': ref('stg_shop__products'),
    'contacts': ref('stg_crm__contacts'), 'accounts': ref('stg_shop__accounts'), 'web_events': ref('stg_web__events'),
    'email_events': ref('stg_email__events'), 'campaign_touches': ref('stg_campaigns__touches'), 'campaign_costs': ref('stg_campaigns__costs'),
    'consent_events': ref('stg_consent__events'), 'static_lists': ref('stg_lists__members'), 'match_results': ref('stg_platforms__match_results'),
    'erasure_requests': ref('stg_consent__erasure_requests'), 'experiment_arms': ref('stg_experiments__arms'),
    'experiment_units': ref('stg_experiments__units'), 'experiment_outcomes': ref('stg_experiments__outcomes'),
    'identity_decisions': ref('stg_stewards__identity_decisions')
} %}
with

staged as (

    {% for table, relation in staged.items() %}
    select '{{ table }}' as table_name, count(*) as rows_staged from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    cast(landing.table_name as string) as table_name,
    cast(landing.is_present as boolean) as is_present,
    cast(landing.rows_in as bigint) as rows_in,
    cast(landing.rows_quarantined as bigint) as rows_quarantined,
    cast(landing.rows_held_back as bigint) as rows_held_back,
    -- Orders of the forgotten stay in revenue, without them.
    cast(case when landing.table_name = 'orders' then 0 else landing.rows_erased end as bigint) as rows_erased,
    cast(
        landing.rows_kept - staged.rows_staged
        - case when landing.table_name = 'orders' then 0 else landing.rows_erased end
        as bigint
    ) as rows_duplicate,
    cast(staged.rows_staged as bigint) as rows_used,
    cast(landing.newest_at as timestamp) as newest_at,
    cast({{ elapsed('day', 'landing.newest_at', as_of()) }} as double) as newest_age_days
from {{ ref('stg_landing__tables') }} as landing
inner join staged on landing.table_name = staged.table_name
