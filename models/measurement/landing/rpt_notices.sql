-- One row per notice about the data: what could not be read, matched or used as it is, and how often. `audiencekit run`
-- prints them, and the board 'health' shows them; `details` is the table that says more.
{% set counts = {
    'keys_undecided': 'keys with rows that differ, none of which says that it is later: one is used',
    'refusals_from_future': 'refusals dated in the future, which count now',
    'rows_after_erasure': 'rows of erased people dated after their erasure, left out: who comes back needs new identifiers',
} -%}
select
    table_name,
    decision || case when decisions > 1 then 's' else '' end || ' without effect: ' || effect
    || coalesce(' (' || problem || ')', '') as notice,
    decisions as cases,
    'rpt_decisions' as details
from {{ ref('rpt_decisions') }}
where effect <> 'counts'
union all
select
    table_name,
    'rows whose ' || kind || ' is not recognised',
    cast(sum(rows_affected) as bigint),
    'rpt_unknown_places'
from {{ ref('rpt_unknown_places') }}
group by table_name, kind
union all
select table_name, notice, cases, details from {{ ref('int_identifier_notices') }}
union all
select
    'orders',
    case found_by
        when 'names an order of less' then 'returns of more than the order they name, taken off spend and revenue'
        when 'matched to earlier orders'
            then 'returns without an order, matched to earlier ones of their customer'
        when 'matches no order' then 'returns that match no order, taken off spend and revenue'
        when 'taken back' then 'returns that were taken back, in whole or in part'
        when 'has no customer' then 'returns without a customer and an order, taken off revenue'
    end,
    returns,
    'rpt_returns'
from {{ ref('rpt_returns') }}
where found_by <> 'names its order'
union all
select
    table_name,
    'amounts converted at the newest rate of their currency, which was older than 31 days',
    count(*),
    cast(null as string)
from (
    select 'orders' as table_name, has_outdated_rate from {{ ref('stg_shop__orders') }}
    union all
    select 'campaign_costs', has_outdated_rate from {{ ref('stg_campaigns__costs') }}
) as amounts
where has_outdated_rate
group by table_name
union all
select
    'orders',
    'orders of total 0 ' || case when has_discount_or_lines then 'with' else 'without' end
    || ' a discount or lines, which are no purchases'
    || case when has_discount_or_lines then ': paid by voucher or gift card?' else '' end,
    orders,
    'rpt_free_orders'
from {{ ref('rpt_free_orders') }}
union all
select
    table_name,
    'rows that count for no customer: ' || reason,
    rows_affected,
    'rpt_unmatched_rows'
from {{ ref('rpt_unmatched_rows') }}
where reason <> 'the person is erased'
union all
select 'email_events', 'opens and clicks by machines, which count for nobody: ' || evidence, count(*), null
from {{ ref('int_machine_events') }}
group by evidence
union all
select
    'web_events',
    'events of names that are not known, which count as engagement',
    cast(sum(events) as bigint),
    'rpt_unknown_events'
from {{ ref('rpt_unknown_events') }}
having count(*) > 0
union all
select
    'order_lines',
    case agreement
        when 'lines without an order' then 'order numbers without an order, or of one that is held back'
        when 'orders without lines' then 'orders without lines'
        when 'lines are more than the order'
            then 'orders with lines of more than their total: lines twice, or paid in part by gift card?'
        when 'lines are less than the order'
            then 'orders with lines of less than their total: shipping and tax, or lost lines?'
    end,
    orders,
    'rpt_order_lines'
from {{ ref('rpt_order_lines') }}
where agreement not in ('add up', 'returns without lines')
union all
-- A refusal of one counts for every topic, a grant for none.
select 'consent_events', 'decisions about topics not listed', cast(sum(decisions) as bigint), 'rpt_unknown_topics'
from {{ ref('rpt_unknown_topics') }}
having count(*) > 0
union all
select
    cast(null as string),
    'refusals that no source has any more and that still count, until a later grant',
    count(*),
    'fct_consent'
from (
    select distinct customer_key, purpose, decision_id
    from {{ ref('fct_consent') }}
    where is_from_ledger
) as kept_refusals
having count(*) > 0
{% for column, notice in counts.items() %}
union all
select table_name, '{{ notice }}', {{ column }}, 'rpt_landing' from {{ ref('stg_landing__tables') }}
where {{ column }} > 0
{% endfor %}
