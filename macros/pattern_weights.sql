{#-
    How much each pattern of a relation (pattern, each once) speaks for one person: the logarithm to base 2 of how much
    likelier it is of two records of one person than of two people's: of one household, of strangers, of either
    (pattern_weight). A select, to be named in a CTE.
-#}
{% macro pattern_weights(patterns) -%}
{%- set relations = match_relations()['one_person'] + match_relations()['two_people'] -%}
with

params as (

    select * from {{ ref('int_match_params') }}

),

levels as (

    {{ pattern_levels(patterns, kept='pattern') }}

),

likelihoods as (

    select
        levels.pattern,
        params.relation,
        {{ exact_sum('ln(params.value)') }} as log_likelihood
    from levels
    inner join params on levels.field = params.field and levels.level = params.level
    group by levels.pattern, params.relation

),

joint as (

    select
        likelihoods.pattern,
        {% for relation in relations -%}
        max(
            case when priors.relation = '{{ relation }}' then priors.value * exp(likelihoods.log_likelihood) end
        ) as {{ relation }}{{ ',' if not loop.last }}
        {% endfor %}
    from likelihoods
    inner join params as priors on likelihoods.relation = priors.relation and priors.field = 'prior'
    group by likelihoods.pattern

),

sides as (

    select
        pattern,
        same + moved as one_person,
        household,
        namesakes + family_name + birthday + strangers as strangers
    from joint

)

select
    pattern,
    cast(ln(one_person / household) / ln(2) as double) as household_bits,
    cast(ln(one_person / strangers) / ln(2) as double) as strangers_bits,
    cast(ln(one_person / (household + strangers)) / ln(2) as double) as pattern_weight
from sides
{%- endmacro %}
