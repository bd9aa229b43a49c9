-- One row per customer for the CRM to upsert: segment tags, scores, the next best action and the reason for it.
-- The reason names dates, not ages, so that a row changes when the customer does and not with every day.
with

shape as (

    select
        'all' as audience_code,
        -- Some shops know people by their address. It is personal data, and no id for other systems.
        case
            when customers.contact_id not like '%@%' then 'contact_id'
            when customers.account_id not like '%@%' then 'account_id'
            else 'customer_key'
        end as external_id_type,
        case
            when customers.contact_id not like '%@%' then customers.contact_id
            when customers.account_id not like '%@%' then customers.account_id
            else customers.customer_key
        end as external_id,
        audiences.customer_key,
        audiences.segment_codes,
        audiences.primary_segment,
        audiences.entered_at,
        round(profile.engagement_score, 1) as engagement_score,
        profile.rfm_family,
        profile.lead_score,
        profile.lead_grade,
        profile.best_channel,
        round(profile.spend_365d, 2) as spend_365d,
        '{{ var("currency") }}' as currency,
        segments.offer as next_best_action,
        segments.label || ': ' || segments.objective || '.'
        || coalesce(
            ' Last bought on ' || cast(cast({{ shop_time('profile.last_order_at') }} as date) as string),
            ' Never bought'
        )
        || case
            when profile.gap_mean_days >= 1.5
                then ', usually every ' || cast(cast(round(profile.gap_mean_days) as bigint) as string) || ' days'
            else ''
        end
        || case
            when profile.orders_365d > 0
                then
                    '; ' || cast(profile.orders_365d as string)
                    || case when profile.orders_365d = 1 then ' order for ' else ' orders for ' end
                    || cast(cast(profile.spend_365d as decimal(18, 2)) as string) || ' {{ var("currency") }} in a year'
            else ''
        end
        || case
            when profile.emails_clicked_90d > 0 then '; clicked in our e-mails'
            when profile.emails_opened_90d > 0 then '; opens our e-mails'
            else ''
        end
        || '.' as reason
    from {{ ref('int_customer_audiences') }} as audiences
    inner join {{ ref('dim_customers') }} as customers on audiences.customer_key = customers.customer_key
    inner join {{ ref('customer_360') }} as profile on audiences.customer_key = profile.customer_key
    inner join {{ ref('dim_segments') }} as segments on audiences.primary_segment = segments.segment_code
    where audiences.channel = 'crm'

)

{{ audience_rows('shape', channel='crm', key=['audience_code', 'customer_key'], hashed=[
    'external_id_type', 'external_id', 'segment_codes', 'primary_segment', 'entered_at', 'engagement_score',
    'rfm_family', 'lead_score', 'lead_grade', 'best_channel', 'spend_365d', 'currency', 'next_best_action', 'reason'
]) }}
