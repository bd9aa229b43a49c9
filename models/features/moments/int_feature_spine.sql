-- One row per customer and moment at which their features are calculated: all customers now, and a sample of buyers at
-- the cut-offs that models learn from and are tested at. A customer key is a salted hash, so the first keys are a
-- random sample, and the same one every time.
with

buyers as (

    select distinct customer_key from {{ ref('fct_orders') }}
    where placed_amount > 0 and customer_key is not null

),

sample_of_buyers as (

    select customer_key from buyers
    qualify row_number() over (order by customer_key) <= {{ var('training_customers') }}

),

past_moments as (

    select cutoff_at as moment_at from {{ ref('int_training_plan') }}
    union
    select moment_at from {{ ref('int_training_windows') }}
    union
    select tested_at from {{ ref('int_training_plan') }}

)

select customer_key, {{ as_of() }} as moment_at
from {{ ref('dim_customers') }}
union all
select sample_of_buyers.customer_key, past_moments.moment_at
from sample_of_buyers
inner join past_moments on past_moments.moment_at < {{ as_of() }}
