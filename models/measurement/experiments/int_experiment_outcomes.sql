-- One row per experiment, outcome and unit it was observed on: the value after the unit was assigned, and before.
-- Outcomes of a holdout are what its customers bought within the attribution window, and in a window of the same
-- length before.
with

units as (

    select * from {{ ref('int_experiment_units') }}

),

measured_elsewhere as (

    select
        outcomes.experiment_code,
        outcomes.outcome_name,
        outcomes.unit_id,
        outcomes.before_value,
        case when outcomes.observed_at < units.assigned_at then 0 else outcomes.value end as value
    from {{ ref('stg_experiments__outcomes') }} as outcomes
    inner join units
        on outcomes.experiment_code = units.experiment_code and outcomes.unit_id = units.unit_id
    where not units.is_holdout

),

purchases as (

    select
        units.experiment_code,
        units.unit_id,
        orders.ordered_at >= units.assigned_at as is_after,
        cast(orders.net_revenue as decimal(18, 4)) as net_revenue
    from units
    inner join {{ ref('fct_orders') }} as orders on units.unit_id = orders.customer_key
    where
        units.is_holdout
        and not units.is_waiting
        and orders.is_purchase
        and {{ elapsed('day', 'units.assigned_at', 'orders.ordered_at') }} >= -units.attribution_days
        and {{ elapsed('day', 'units.assigned_at', 'orders.ordered_at') }} < units.attribution_days

),

bought as (

    select
        experiment_code,
        unit_id,
        count(case when is_after then 1 end) as orders,
        count(case when not is_after then 1 end) as orders_before,
        coalesce(sum(case when is_after then net_revenue end), 0) as net_revenue,
        coalesce(sum(case when not is_after then net_revenue end), 0) as net_revenue_before
    from purchases
    group by experiment_code, unit_id

)

select
    experiment_code,
    outcome_name,
    unit_id,
    -- A single value is not summed: decimals would round a tiny one.
    case
        when count(*) = 1 then max(value)
        else cast(sum(cast(value as decimal(38, 12))) as double)
    end as value,
    max(before_value) as before_value
from measured_elsewhere
group by experiment_code, outcome_name, unit_id
union all
select
    experiment_code,
    'purchased' as outcome_name,
    unit_id,
    cast(least(orders, 1) as double) as value,
    cast(least(orders_before, 1) as double) as before_value
from bought
union all
select
    experiment_code,
    'orders' as outcome_name,
    unit_id,
    orders as value,
    orders_before as before_value
from bought
union all
select
    experiment_code,
    'revenue' as outcome_name,
    unit_id,
    net_revenue as value,
    net_revenue_before as before_value
from bought
