-- One row per customer: of every field the value of the most trusted source that has one, the latest of those; and in
-- `<field>_from` the record it is from. Of addresses and numbers, one that consent was given for comes first: what only
-- details tie to it never said so.
{% set fields = golden_fields() -%}
with

-- A blocked or shared value is no way to reach one person, however it got into their record.
own_contact_points as (

    select
        identifiers.id_type,
        identifiers.id_value,
        identifiers.customer_key,
        case when consenting.linked_group is null then '0' else '1' end as has_consent
    from {{ ref('int_identifiers') }} as identifiers
    left join (
        select distinct customer_key, linked_group
        from {{ ref('fct_consent') }}
        where status = 'granted'
    ) as consenting
        on
            identifiers.customer_key = consenting.customer_key
            and identifiers.linked_group = consenting.linked_group
    where identifiers.id_type in ('email', 'phone')

),

records as (

    select
        records.customer_key,
        records.standing,
        records.record_id,
        {% for field in fields if field not in ('email', 'phone') %}
        records.{{ field }},
        {% endfor %}
        own_emails.id_value as email,
        own_emails.has_consent || records.standing as email_standing,
        own_phones.id_value as phone,
        own_phones.has_consent || records.standing as phone_standing
    from {{ ref('int_contact_records') }} as records
    left join own_contact_points as own_emails
        on
            own_emails.id_type = 'email' and records.email = own_emails.id_value
            and records.customer_key = own_emails.customer_key
    left join own_contact_points as own_phones
        on
            own_phones.id_type = 'phone' and records.phone = own_phones.id_value
            and records.customer_key = own_phones.customer_key

)

select
    {% for field in fields %}
    {%- set standing = field ~ '_standing' if field in ['email', 'phone'] else 'standing' %}
    max_by({{ field }}, {{ standing }}) filter (where {{ field }} is not null) as {{ field }},
    max_by(record_id, {{ standing }}) filter (where {{ field }} is not null) as {{ field }}_from,
    {% endfor %}
    customer_key
from records
group by customer_key
