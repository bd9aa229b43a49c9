-- One row per customer: everything that segments may ask about them as of now, and nothing that identifies them: who
-- they are, what they did, and what the models predict. The columns are those that customer_360.yml lists, and those of
-- the feature tables of a project of one's own. The contract is about ours: it cannot know them.
-- noqa: disable=structure.using
{{ config(contract={'enforced': not var('own_features')}) }}
with

newsletter as (

    select customer_key, basis = 'granted' as is_subscribed
    from {{ ref('dim_consent') }}
    where purpose = 'newsletter' and channel = 'all'

),

profiles as (

    select
        customers.customer_key,
        customers.first_seen_at,
        customers.country_code,
        customers.region,
        customers.age_band,
        customers.income_band,
        customers.household_size,
        customers.kids_count,
        case when present.has_static_lists then customers.is_vip end as is_vip,
        case when present.has_consent_events then coalesce(newsletter.is_subscribed, false) end
            as is_newsletter_subscriber
    from {{ ref('dim_customers') }} as customers
    cross join {{ ref('stg_landing__presence') }} as present
    left join newsletter on customers.customer_key = newsletter.customer_key

),

-- Unknown for a customer without answers, and where one channel for everybody is as good.
best_channels as (

    select customer_key, channel as best_channel, share as best_channel_share
    from {{ ref('pred_channel_shares') }}
    where is_own
    qualify row_number() over (partition by customer_key order by share desc, channel) = 1

),

features as (

    select * from {{ ref('customer_features') }}
    where moment_at = {{ as_of() }}

)

select
    {{ (model.columns | list + own_feature_columns()) | join(',\n    ') }}
from profiles
inner join features using (customer_key)
left join {{ ref('customer_predictions') }} using (customer_key)
left join {{ ref('pred_lead_score') }} using (customer_key)
left join best_channels using (customer_key)
