-- One row per record, purpose and decision that a column of a contact, a login or an order states, such as "opted out
-- of e-mail" or "accepts marketing". An opt-out states a refusal; where it is false, nothing was decided. An opt-in
-- states either. Who says no to the newsletter says no to marketing e-mails, unless they say yes to these. A refusal
-- has the latest time of its row and a grant the earliest, so that a grant without a time of its own does not replace a
-- refusal.
{% set of_people = ('created_at', 'updated_at', 'unsubscribed_at') %}
{% set of_orders = ('ordered_at', 'ordered_at', 'cast(null as timestamp)') %}
{{ column_decisions('contact', ref('stg_crm__contacts'), "'contact:' || contact_id", of_people) }}
union all
{{ column_decisions('login', ref('stg_shop__accounts'), "'account:' || account_id", of_people) }}
union all
{{ column_decisions('order', ref('stg_shop__orders'), checkout_record_id(), of_orders) }}
