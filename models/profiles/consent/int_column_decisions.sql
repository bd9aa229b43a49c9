-- One row per record, purpose and decision that a column of a contact, a login or an order states, such as "opted out
-- of e-mail" or "accepts marketing". An opt-out states a refusal; where it is false, nothing was decided. An opt-in
-- states either. Who says no to the newsletter says no to marketing e-mails, unless they say yes to these. A refusal
-- has the latest time of its row and a grant the earliest, so that a grant without a time of its own does not replace a
-- refusal.
{% set sources = {
    'contact': ["'contact:' || contact_id", 'created_at', 'updated_at', 'unsubscribed_at', ref('stg_crm__contacts')],
    'login': ["'account:' || account_id", 'created_at', 'updated_at', 'unsubscribed_at', ref('stg_shop__accounts')],
    'order': [checkout_record_id(), 'ordered_at', 'ordered_at', 'cast(null as timestamp)', ref('stg_shop__orders')],
} -%}
with

answers as (

    {% for source, (record_id, first_at, last_at, unsubscribed_at, relation) in sources.items() %}
    select
        {{ record_id }} as record_id,
        '{{ source }}' as decided_in,
        {{ first_at }} as first_at,
        {{ last_at }} as last_at,
        {{ unsubscribed_at }} as unsubscribed_at,
        email_opt_in,
        email_opt_out,
        newsletter_opt_in,
        sms_opt_in,
        sms_opt_out,
        ads_opt_out
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

statements as (

    {% for purpose in ['email_marketing', 'newsletter'] %}
    select
        record_id, decided_in, first_at, last_at, unsubscribed_at, '{{ purpose }}' as purpose,
        case
            when unsubscribed_at is not null or email_opt_out or not email_opt_in then 'denied'
            when {{ 'newsletter' if purpose == 'newsletter' else 'email' }}_opt_in then 'granted'
            when not newsletter_opt_in then 'denied'
        end as status
    from answers
    union all
    {% endfor %}
    select
        record_id, decided_in, first_at, last_at, null, 'sms_marketing',
        case when sms_opt_out or not sms_opt_in then 'denied' when sms_opt_in then 'granted' end
    from answers
    {% for purpose in ['ad_user_data', 'ad_personalization'] %}
    union all
    select record_id, decided_in, first_at, last_at, null, '{{ purpose }}', case when ads_opt_out then 'denied' end
    from answers
    {% endfor %}

)

select distinct
    record_id,
    purpose,
    status,
    case
        when status = 'granted' then first_at
        else least(coalesce(unsubscribed_at, last_at, first_at, {{ as_of() }}), {{ as_of() }})
    end as decided_at,
    'column of the ' || decided_in as consent_source
from statements
-- A grant counts from the start of its row: with the time of the last change it could replace an earlier refusal.
where status = 'denied' or (status = 'granted' and first_at is not null)
