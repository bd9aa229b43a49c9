-- One row per classifier version, test and group of people: how well it separates customers with the outcome from those
-- without. Doubles are added up exactly, so that a decision does not depend on the order of rows.
with

tests as (

    select * from {{ ref('int_classifier_tests') }}

),

groups as (

    select *, 'everybody' as people from tests
    union all
    select *, 'age ' || coalesce(age_band, 'unknown') from tests
    union all
    select *, 'income ' || coalesce(income_band, 'unknown') from tests

),

ranked as (

    select
        *,
        least(floor(probability * 10), 9) as bin,
        rank() over (partition by model_code, version, tested_at, people order by probability)
        + (count(*) over (partition by model_code, version, tested_at, people, probability) - 1) / 2.0 as mean_rank,
        row_number() over (
            partition by model_code, version, tested_at, people order by probability desc, customer_key
        ) as place,
        count(*) over within_test as customers,
        sum(outcome) over within_test as positives,
        -- Customers who score as high or higher, and how many of them had the outcome.
        count(*) over (
            partition by model_code, version, tested_at, people order by probability desc
        ) as so_far,
        sum(outcome) over (
            partition by model_code, version, tested_at, people order by probability desc
        ) as positives_so_far
    from groups
    window within_test as (partition by model_code, version, tested_at, people)

),

bins as (

    select
        model_code,
        version,
        tested_at,
        people,
        {{ exact_sum('abs(gap)') }} / sum(customers) as ece
    from (
        select
            model_code,
            version,
            tested_at,
            people,
            count(*) as customers,
            {{ exact_sum('probability - outcome') }} as gap
        from ranked
        group by model_code, version, tested_at, people, bin
    ) as gaps
    group by model_code, version, tested_at, people

),

measured as (

    select
        model_code,
        version,
        tested_at,
        people,
        count(*) as customers,
        sum(outcome) as positives,
        {{ exact_sum('probability') }} / count(*) as mean_probability,
        {{ exact_sum('(probability - outcome) * (probability - outcome)') }} / count(*) as brier,
        -- Mann and Whitney: how often a customer with the outcome ranks above one without.
        ({{ exact_sum('case when outcome = 1 then mean_rank end') }} - sum(outcome) * (sum(outcome) + 1) / 2.0)
        / nullif(cast(sum(outcome) as double) * (count(*) - sum(outcome)), 0) as auc,
        {{ exact_sum('case when outcome = 1 then positives_so_far / cast(so_far as double) end') }}
        / nullif(sum(outcome), 0) as pr_auc,
        avg(outcome) filter (where place <= ceil(customers / 10.0)) / nullif(avg(outcome), 0) as lift_10pc
    from ranked
    group by model_code, version, tested_at, people

)

select
    measured.model_code,
    measured.version,
    measured.tested_at,
    measured.people,
    measured.customers,
    measured.positives,
    {% for metric in ['mean_probability', 'brier', 'auc', 'pr_auc', 'lift_10pc'] %}
    round(measured.{{ metric }}, 9) as {{ metric }},
    {% endfor %}
    round(bins.ece, 9) as ece
from measured
inner join bins
    on
        measured.model_code = bins.model_code
        and measured.version = bins.version
        and measured.tested_at = bins.tested_at
        and measured.people = bins.people
