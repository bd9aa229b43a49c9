{#- Rows of what the columns of one source decide: record_id, purpose, status, decided_at, consent_source. `times` are
    SQL for the earliest and the latest time of a row, and for when it was unsubscribed. -#}
{% macro column_decisions(source, relation, record_id, times) -%}
{% set first_at, last_at, unsubscribed_at = times %}
select distinct
    record_id,
    purpose,
    status,
    case
        when status = 'granted' then first_at
        else least(coalesce(unsubscribed_at, last_at, first_at, {{ as_of() }}), {{ as_of() }})
    end as decided_at,
    'column of the {{ source }}' as consent_source
from (
    {% for purpose in ['email_marketing', 'newsletter'] %}
    select
        {{ record_id }} as record_id, {{ first_at }} as first_at, {{ last_at }} as last_at,
        {{ unsubscribed_at }} as unsubscribed_at, '{{ purpose }}' as purpose,
        case
            when {{ unsubscribed_at }} is not null or email_opt_out or not email_opt_in then 'denied'
            when {{ 'newsletter' if purpose == 'newsletter' else 'email' }}_opt_in then 'granted'
            when not newsletter_opt_in then 'denied'
        end as status
    from {{ relation }}
    union all
    {% endfor %}
    select
        {{ record_id }}, {{ first_at }}, {{ last_at }}, null, 'sms_marketing',
        case when sms_opt_out or not sms_opt_in then 'denied' when sms_opt_in then 'granted' end
    from {{ relation }}
    {% for purpose in ['ad_user_data', 'ad_personalization'] %}
    union all
    select
        {{ record_id }}, {{ first_at }}, {{ last_at }}, null, '{{ purpose }}', case when ads_opt_out then 'denied' end
    from {{ relation }}
    {% endfor %}
) as statements
-- A grant counts from the start of its row: with the time of the last change it could replace an earlier refusal.
where status = 'denied' or (status = 'granted' and first_at is not null)
{%- endmacro %}
