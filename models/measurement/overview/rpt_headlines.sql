-- One row per picture on a board: what it shows today, in a sentence, which is its title; null where it has nothing to
-- show. The board then has a line in its place that says what to provide.
select picture, headline from {{ ref('int_overview_headlines') }}
union all
select picture, headline from {{ ref('int_channels_headlines') }}
union all
select picture, headline from {{ ref('int_experiments_headlines') }}
union all
select picture, headline from {{ ref('int_health_headlines') }}
union all
select picture, headline from {{ ref('int_models_headlines') }}
union all
select picture, headline from {{ ref('int_identity_headlines') }}
