-- One row per landing table: its rows, how many of them were quarantined, held back, duplicate or erased, and how fresh
-- they are. A new landing table needs a line here: without one its rows_used is null, and a test fails.
{% set staged = {
    'orders': ref('stg_shop__orders'),
    'order_lines': ref('stg_shop__order_lines'),
    'products': ref('stg_shop__products'),
    'contacts': ref('stg_crm__contacts'),
    'accounts': ref('stg_shop__accounts'),
    'web_events': ref('stg_web__events'),
    'service_contacts': ref('stg_service__contacts'),
    'email_events': ref('stg_email__events'),
    'campaign_touches': ref('stg_campaigns__touches'),
    'campaign_costs': ref('stg_campaigns__costs'),
    'exchange_rates': ref('stg_finance__exchange_rates'),
    'consent_events': ref('stg_consent__events'),
    'static_lists': ref('stg_lists__members'),
    'match_results': ref('stg_platforms__match_results'),
    'erasure_requests': ref('stg_consent__erasure_requests'),
    'experiment_arms': ref('stg_experiments__arms'),
    'experiment_units': ref('stg_experiments__units'),
    'experiment_outcomes': ref('stg_experiments__outcomes'),
    'identity_decisions': ref('stg_stewards__identity_decisions')
} %}
with

decisions as (

    select table_name, sum(decisions) as decisions_without_effect
    from {{ ref('rpt_decisions') }}
    where effect <> 'counts'
    group by table_name

),

staged as (

    {% for table, relation in staged.items() %}
    select '{{ table }}' as table_name, count(*) as rows_staged from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select
    landing.table_name,
    landing.is_present,
    landing.rows_in,
    landing.rows_quarantined,
    landing.rows_held_back,
    landing.keys_that_differ,
    landing.keys_undecided,
    landing.refusals_from_future,
    landing.rows_left_out,
    landing.rows_deleted,
    -- Orders of erased customers remain in revenue, without a customer.
    case when landing.table_name = 'orders' then 0 else landing.rows_erased end as rows_erased,
    landing.rows_kept - staged.rows_staged
    - case when landing.table_name = 'orders' then 0 else landing.rows_erased end as rows_duplicate,
    staged.rows_staged as rows_used,
    cast(coalesce(decisions.decisions_without_effect, 0) as bigint) as decisions_without_effect,
    landing.newest_at,
    {{ elapsed('day', 'landing.newest_at', as_of()) }} as newest_age_days
from {{ ref('stg_landing__tables') }} as landing
left join staged on landing.table_name = staged.table_name
left join decisions on landing.table_name = decisions.table_name
