-- One row per picture on a board: what it shows today, in a sentence, which is its title.
with

headlines as (

    select * from {{ ref('int_overview_headlines') }}
    union all
    select * from {{ ref('int_channels_headlines') }}
    union all
    select * from {{ ref('int_experiments_headlines') }}
    union all
    select * from {{ ref('int_health_headlines') }}
    union all
    select * from {{ ref('int_models_headlines') }}
    union all
    select * from {{ ref('int_identity_headlines') }}

)

select
    picture,
    coalesce(headline, 'Nothing to show yet') as headline
from headlines
