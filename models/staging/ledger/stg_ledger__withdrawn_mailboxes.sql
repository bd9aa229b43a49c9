-- One row per customer with a refusal and mailbox of theirs, as a salted hash, from earlier builds.
select
    customer_key,
    mailbox_hash,
    build_id
from ({{ ledger_rows('withdrawn_mailboxes') }}) as mailboxes
