-- One row per moment, customer who answered in the year before, and channel on which anybody did: their share of
-- answers there, shrunk to the average. The moments are now, and four in steps of 90 days before it, for back-tests of
-- a sample. An answer day says little about one customer, so as many of the average are added as customers differ less:
-- `weight` is 1 / rho - 1, and rho (0 to 1), the share of the variance that lies between customers, is Kleinman's
-- estimate by moments (1973, Journal of the American Statistical Association 68).
with

moments as (

    {% for quarter in range(5) %}
    select {{ dbt.dateadd('day', -90 * quarter, as_of()) }} as moment_at
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

sampled as (

    select customer_key from (select distinct customer_key from {{ ref('int_channel_answers') }}) as answering
    qualify row_number() over (order by customer_key) <= {{ var('training_customers') }}

),

counted as (

    select
        moments.moment_at,
        answers.customer_key,
        answers.channel,
        count(*) as answers
    from {{ ref('int_channel_answers') }} as answers
    inner join moments
        on
            answers.answered_on < cast(moments.moment_at as date)
            and answers.answered_on >= cast({{ dbt.dateadd('day', -365, 'moments.moment_at') }} as date)
    left join sampled on answers.customer_key = sampled.customer_key
    where moments.moment_at = {{ as_of() }} or sampled.customer_key is not null
    group by moments.moment_at, answers.customer_key, answers.channel

),

customers as (

    select moment_at, customer_key, cast(sum(answers) as bigint) as answers
    from counted
    group by moment_at, customer_key

),

channels as (

    select
        moment_at,
        channel,
        sum(answers) / cast(sum(sum(answers)) over (partition by moment_at) as double) as average_share
    from counted
    group by moment_at, channel

),

shares as (

    select
        customers.moment_at,
        customers.customer_key,
        channels.channel,
        channels.average_share,
        customers.answers as answers_anywhere,
        coalesce(counted.answers, 0) as answers,
        coalesce(counted.answers, 0) / cast(customers.answers as double) as plain_share,
        customers.answers
        / cast(sum(customers.answers) over (partition by customers.moment_at, channels.channel) as double) as part
    from customers
    inner join channels on customers.moment_at = channels.moment_at
    left join counted
        on
            customers.moment_at = counted.moment_at and customers.customer_key = counted.customer_key
            and channels.channel = counted.channel

),

sums as (

    select
        moment_at,
        {{ exact_sum('part * (plain_share - average_share) * (plain_share - average_share)') }} as spread,
        {{ exact_sum('part * average_share * (1 - average_share)') }} as variance,
        {{ exact_sum('part * (1 - part) / answers_anywhere') }} / count(distinct channel) as by_chance,
        {{ exact_sum('part * (1 - part)') }} / count(distinct channel) as at_most
    from shares
    group by moment_at

),

weights as (

    select
        moment_at,
        1 / greatest(1e-6, least(1, coalesce(
            (spread - variance * by_chance) / nullif(variance * (at_most - by_chance), 0), 0
        ))) - 1 as weight
    from sums

)

select
    shares.moment_at,
    shares.customer_key,
    shares.channel,
    shares.answers,
    shares.average_share,
    round(
        (shares.answers + weights.weight * shares.average_share) / (shares.answers_anywhere + weights.weight), 9
    ) as share
from shares
inner join weights on shares.moment_at = weights.moment_at
