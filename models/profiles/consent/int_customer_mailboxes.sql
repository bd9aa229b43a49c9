-- One row per customer and mailbox that one of their records contains, as a salted hash. Blocked addresses, and those
-- that too many records contain, are not in it.
select distinct
    customers.customer_key,
    {{ identifier_hash("'mailbox'", mailbox('emails.id_value')) }} as mailbox_hash
from {{ ref('int_linkable_identifiers') }} as emails
inner join {{ ref('int_record_customers') }} as customers on emails.record_id = customers.record_id
where emails.id_type = 'email'
