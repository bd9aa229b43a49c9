-- One row per login, card or contact id that is not one person's, and why: a placeholder of the blocklist, such as
-- 'undefined'; an id given with more e-mails than one person has, such as a till's walk-in number; a login whose
-- contacts differ in given name, family name and e-mail, such as a company's account. It links no records.
{% set most_mailboxes = 3 -%}
with

identifiers as (

    select * from {{ ref('int_record_identifiers') }}

),

ids as (

    select record_id, id_type, id_value
    from identifiers
    where id_type in ('account_id', 'card_number', 'contact_id')

),

mailboxes as (

    select record_id, {{ mailbox('id_value') }} as mailbox
    from identifiers
    where id_type = 'email'

),

evidence as (

    select
        ids.id_type,
        ids.id_value,
        count(distinct ids.record_id) as records,
        count(distinct mailboxes.mailbox) as mailboxes,
        count(distinct case when mailboxes.mailbox is not null then names.first_name end) as first_names,
        count(distinct case when mailboxes.mailbox is not null then names.last_name end) as last_names
    from ids
    left join mailboxes on ids.record_id = mailboxes.record_id
    left join {{ ref('int_match_records') }} as names on ids.record_id = names.record_id
    group by ids.id_type, ids.id_value

),

reasons as (

    select
        evidence.id_type,
        evidence.id_value,
        evidence.records,
        case
            when blocked.id_value is not null then 'placeholder'
            when evidence.mailboxes > {{ most_mailboxes }} then 'several e-mails'
            when
                evidence.id_type = 'account_id'
                and least(evidence.mailboxes, evidence.first_names, evidence.last_names) > 1
                then 'several names and e-mails'
        end as reason
    from evidence
    left join {{ ref('identity_blocklist') }} as blocked
        on evidence.id_type = blocked.id_type and lower(evidence.id_value) = lower(blocked.id_value)

)

select
    id_type,
    id_value,
    reason,
    records
from reasons
where reason is not null
