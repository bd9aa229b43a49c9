-- One row per customer: each profile field with the value from the most trusted source that has one, the latest of
-- those, and in <field>_from the record it is from. An e-mail or phone from records that have given consent comes
-- before all others: consent counts for the records that identifiers link, and not for those that only matching details
-- link to them. Then an e-mail that mail reaches comes before one that bounces.
{% set fields = golden_fields() -%}
with

-- A blocked or shared e-mail or phone is not used, because it does not reach one person.
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
        records.precedence,
        records.record_id,
        {% for field in fields if field not in ('email', 'phone') %}
        records.{{ field }},
        {% endfor %}
        own_emails.id_value as email,
        own_emails.has_consent || case when undeliverable.mailbox is null then '1' else '0' end || records.precedence
            as email_precedence,
        own_phones.id_value as phone,
        own_phones.has_consent || records.precedence as phone_precedence
    from {{ ref('int_contact_records') }} as records
    left join own_contact_points as own_emails
        on
            own_emails.id_type = 'email' and records.email = own_emails.id_value
            and records.customer_key = own_emails.customer_key
    left join {{ ref('int_undeliverable_mailboxes') }} as undeliverable
        on {{ mailbox('own_emails.id_value') }} = undeliverable.mailbox
    left join own_contact_points as own_phones
        on
            own_phones.id_type = 'phone' and records.phone = own_phones.id_value
            and records.customer_key = own_phones.customer_key

)

select
    {% for field in fields %}
    {%- set precedence = field ~ '_precedence' if field in ['email', 'phone'] else 'precedence' %}
    max_by({{ field }}, {{ precedence }}) filter (where {{ field }} is not null) as {{ field }},
    max_by(record_id, {{ precedence }}) filter (where {{ field }} is not null) as {{ field }}_from,
    {% endfor %}
    customer_key
from records
group by customer_key
