-- One row per customer with a refusal and mailbox of theirs that no published build recorded for them yet. Publishing
-- appends these rows to the ledger: the refusal also counts when only another spelling of the address comes back.
with

customers_with_refusals as (

    select customer_key from {{ ref('int_past_withdrawals') }}
    union
    select customer_key from {{ ref('int_withdrawals') }}

)

select
    mailboxes.customer_key,
    mailboxes.mailbox_hash,
    cast('{{ var("build_id") }}' as string) as build_id
from {{ ref('int_customer_mailboxes') }} as mailboxes
inner join customers_with_refusals on mailboxes.customer_key = customers_with_refusals.customer_key
left join {{ ref('int_erasure_matches') }} as erased on mailboxes.customer_key = erased.customer_key
left join {{ ref('stg_ledger__withdrawn_mailboxes') }} as recorded
    on mailboxes.customer_key = recorded.customer_key and mailboxes.mailbox_hash = recorded.mailbox_hash
where erased.customer_key is null and recorded.customer_key is null
