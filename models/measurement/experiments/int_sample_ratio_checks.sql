-- One row per experiment: its arms in numbers, and how likely chance alone gives arms of such sizes (chi-squared test).
with

arms as (

    select
        *,
        row_number() over (partition by experiment_code order by arm) as place
    from {{ ref('rpt_experiment_arms') }}

),

sizes as (

    select
        experiment_code,
        count(*) as arms,
        count(case when units_read >= 2 then 1 end) as arms_to_read,
        max(case when is_control then units_read end) as control_units,
        count(case when is_planned then 1 end) > 0
        and count(case when is_planned and units = 0 and expected_units > 0 then 1 end) > 0
        and count(case when not is_planned and units > 0 then 1 end) > 0 as has_other_arms_than_planned,
        count(case when expected_units = 0 and units > 0 then 1 end) > 0 as has_units_where_none_are_expected
    from arms
    group by experiment_code

),

-- Arms too small for the test are left out of it, and the others are compared with their own sum.
large as (

    select
        *,
        expected_units
        * sum(units) over (partition by experiment_code)
        / nullif(sum(cast(expected_units as decimal(38, 12))) over (partition by experiment_code), 0) as expected
    from arms
    where expected_units >= 5

),

distances as (

    select
        experiment_code,
        count(*) - 1 as degrees,
        {{ exact_sum('least(power(units - expected, 2) / expected, 1.0e+15)') }} as chi_squared
    from large
    group by experiment_code

),

-- The survival function of chi-squared by its recurrence: for n degrees the terms j = n/2 - 1, n/2 - 2 and so on, down
-- to 0 or 1/2, of h^j exp(-h) / gamma(j + 1) with h half of chi-squared; an odd n adds the normal tail. Arm i gives
-- term i.
terms as (

    select
        arms.experiment_code,
        distances.degrees / 2.0 - arms.place as exponent,
        distances.chi_squared / 2 as half
    from arms
    inner join distances on arms.experiment_code = distances.experiment_code
    where distances.degrees / 2.0 - arms.place >= 0 and distances.chi_squared > 0

),

tails as (

    select
        experiment_code,
        {{ exact_sum("exp(exponent * ln(half) - half - " ~ ln_gamma('(exponent + 1)') ~ ")") }} as tail
    from terms
    group by experiment_code

)

select
    sizes.experiment_code,
    sizes.arms,
    sizes.arms_to_read,
    sizes.control_units,
    sizes.has_other_arms_than_planned,
    distances.chi_squared,
    case
        when sizes.has_units_where_none_are_expected then 0
        when coalesce(distances.degrees, 0) < 1 then null
        when distances.chi_squared = 0 then 1
        else
            coalesce(tails.tail, 0)
            + case when distances.degrees % 2 = 1 then {{ two_sided_p('sqrt(distances.chi_squared)') }} else 0 end
    end as p_value
from sizes
left join distances on sizes.experiment_code = distances.experiment_code
left join tails on sizes.experiment_code = tails.experiment_code
