-- What adapters say more than once. A text that is no number stays as it is, so that intake refuses its row.
-- 1,234.50 is a number, 1234,50 is not: nobody knows what its comma means.
create macro number_of(x) as try_cast(
    case when regexp_full_match(x, '[+-]?[0-9]{1,3}(,[0-9]{3})+([.][0-9]*)?') then replace(x, ',', '') else x end
    as decimal(18, 4)
);
create macro negated(x) as coalesce(cast(-number_of(x) as varchar), x);
-- An amount in the smallest unit of its currency, as payment services write it: cents, but whole yen.
create macro from_minor_unit(x, currency) as coalesce(
    cast(
        try_cast(x as decimal(18, 2))
        / case
            when upper(currency) in (
                'BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'
            ) then 1
            when upper(currency) in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 1000
            else 100
        end as varchar
    ), x
);
create macro is_yes(x) as lower(x) in ('true', 't', 'yes', 'y', '1', '1.0', 'x');
-- The status of a WooCommerce order, as its code (wc-on-hold) or in English (On hold). A refunded order was a purchase.
create macro woocommerce_status(x) as case
    when
        regexp_replace(lower(x), '^wc-|[^a-z]', '', 'g')
        in ('pending', 'pendingpayment', 'onhold', 'draft', 'checkoutdraft')
        then 'pending'
    when regexp_replace(lower(x), '^wc-|[^a-z]', '', 'g') in ('cancelled', 'canceled', 'failed', 'trash', 'autodraft')
        then 'cancelled'
    when regexp_replace(lower(x), '^wc-|[^a-z]', '', 'g') = 'processing' then 'paid'
    when regexp_replace(lower(x), '^wc-|[^a-z]', '', 'g') in ('completed', 'refunded') then 'completed'
    when regexp_replace(lower(x), '^wc-|[^a-z]', '', 'g') in ('shipped', 'delivered') then 'shipped'
    else x
end;
-- A name as one text: its first word, and the others.
create macro first_word(x) as split_part(x, ' ', 1);
create macro other_words(x) as nullif(trim(substr(x, length(split_part(x, ' ', 1)) + 1)), '');
-- The same, where only the last word is the family name.
create macro words_before_last(x) as nullif(regexp_extract(x, '^(.+) \S+$', 1), '');
create macro last_word(x) as nullif(regexp_extract(x, '(\S+)$', 1), '');
create macro is_no(x) as lower(x) in ('false', 'f', 'no', 'n', '0', '0.0');
-- A state of subscription as an opt-in: never subscribed is no answer, and what is none of these stays as it is.
create macro subscription(x) as case
    when regexp_replace(lower(x), '[^a-z]', '', 'g') in ('subscribed', 'true', 'yes') then 'true'
    when regexp_replace(lower(x), '[^a-z]', '', 'g') in ('unsubscribed', 'false', 'no') then 'false'
    when regexp_replace(lower(x), '[^a-z]', '', 'g') not in ('neversubscribed', 'nonsubscribed', 'notsubscribed') then x
end;
-- Salesforce: an opt-out of text messages, by the field of Marketing Cloud or by Do Not Call.
create macro salesforce_sms_opt_out(mobile_opt_out, do_not_call) as case
    when is_no(mobile_opt_out) then coalesce(do_not_call, mobile_opt_out)
    else coalesce(mobile_opt_out, do_not_call)
end;
-- HubSpot: what a contact opted out of, of all e-mail and of types of it. Also what is neither yes nor no, because it may
-- be a refusal.
create macro hubspot_refusals(everything, types) as list_filter(
    string_split(concat_ws('; ', everything, types), '; '), lambda answer: answer <> '' and not is_no(answer)
);
-- A refusal counts for every address of a contact. The first one is its main address.
create macro hubspot_addresses(email, others) as nullif(concat_ws('; ', email, others), '');
-- Tables of Fivetran: whether a row is the current one. In history mode a table also has the versions before it.
create macro is_current(deleted, active) as not coalesce(is_yes(deleted), false) and coalesce(is_yes(active), true);
-- The sum of a group as text; a text that is no number, if there is one.
create macro sum_of(x) as coalesce(
    max(case when number_of(x) is null then x end), cast(sum(number_of(x)) as varchar)
);
-- The visitor refused ads, in the columns that Segment and RudderStack have for it: a category of a consent tool, ids
-- of the refused categories (unless all of them are known to be harmless), the browser's or the device's signal.
create macro segment_refuses_ads(advertising, targeting, marketing, sharing, denied_ids, gpc, ad_tracking, att) as (
    coalesce(is_no(advertising), false)
    or coalesce(is_no(targeting), false)
    or coalesce(is_no(marketing), false)
    or coalesce(is_no(sharing), false)
    or coalesce(regexp_replace(
        lower(denied_ids),
        'c_?000[123]|analytics?|functional(ity)?|performance|statistics?|(strictly.?)?necessary|essential|[^a-z0-9]',
        '', 'g'
    ) <> '', false)
    or coalesce(is_yes(gpc), false)
    or coalesce(lower(att) in ('1', '2', 'restricted', 'denied'), false)
    or coalesce(
        is_no(ad_tracking) and coalesce(lower(att), '') not in ('0', 'notdetermined', '3', 'authorized'), false
    )
);
-- Stripe: the state of a charge as the status of an order. What was authorised and not captured is not paid.
create macro stripe_charge_status(status, captured) as case
    when lower(status) = 'failed' then 'cancelled'
    when lower(status) = 'pending' then 'pending'
    when lower(status) = 'succeeded' and is_yes(captured) then 'paid'
    when lower(status) = 'succeeded' then 'pending'
    else status
end;
-- Stripe: what came back of charges: refunds that succeeded, disputes that were lost, and what a charge says was
-- refunded and no refund explains, on the day of the charge. Its parameters are names of tables with Fivetran's
-- columns.
create macro stripe_returns(charge_table, refund_table, dispute_table) as table
    with

    charges_of_returns as (

        select row_number, id, created, currency, amount, amount_captured, amount_refunded
        from query_table(charge_table)

    ),

    -- A capture of less than was authorised frees what is left. Stripe writes that as a refund, though no money moved.
    refunds_of_money as (

        select refunds.*
        from query_table(refund_table) as refunds
        left join charges_of_returns as charges on refunds.charge_id = charges.id
        where
            refunds.balance_transaction_id is not null
            or coalesce(number_of(charges.amount_captured) >= number_of(charges.amount), true)

    ),

    refunded as (

        select charge_id, sum(number_of(amount)) filter (where lower(status) in ('succeeded', 'pending')) as amount
        from refunds_of_money
        group by charge_id

    )

    select row_number, id, charge_id, created, amount, currency
    from refunds_of_money
    where lower(status) = 'succeeded'
    union all
    select row_number, id, charge_id, created, amount, currency
    from query_table(dispute_table)
    where lower(status) = 'lost'
    union all
    select
        charges.row_number,
        'refund of ' || charges.id,
        charges.id,
        charges.created,
        cast(
            number_of(charges.amount_refunded)
            - greatest(
                number_of(charges.amount) - coalesce(number_of(charges.amount_captured), number_of(charges.amount)), 0
            )
            - coalesce(refunded.amount, 0) as varchar
        ) as unexplained,
        charges.currency
    from charges_of_returns as charges
    left join refunded on charges.id = refunded.charge_id
    where number_of(unexplained) > 0;
-- HubSpot: whether a contact refused all e-mail, or a type of it. `by_type` has the values of all types.
create macro hubspot_opt_out(all_types, by_type) as case
    when regexp_matches(by_type, '(?i)\b(true|t|yes|1)\b') then 'yes' else all_types
end;
-- HubSpot: the ids in a survivor's list of merged contacts, which may have a time after each id.
create macro hubspot_ids(x) as list_transform(
    string_split(x, ';'), lambda each: trim(regexp_replace(each, ':.*', ''))
);
-- HubSpot: an event of an e-mail by its type, why it bounced or was dropped, and what became of the subscriptions.
create macro hubspot_event(type, bounce_category, drop_reason, is_bounced, status, subscriptions) as case upper(type)
    when 'SENT' then 'sent'
    when 'DELIVERED' then 'delivered'
    when 'OPEN' then 'opened'
    when 'CLICK' then 'clicked'
    when 'SPAMREPORT' then 'complained'
    -- A full mailbox says nothing about the address.
    when 'BOUNCE' then
        case
            when
                upper(bounce_category) in (
                    'THROTTLED', 'MAILBOX_FULL', 'GREYLISTING', 'TIMEOUT', 'TEMPORARY_PROBLEM'
                )
                then 'soft_bounce'
            else 'bounced'
        end
    -- Why HubSpot did not send it: because of what the person did before.
    when 'DROPPED' then
        case
            when upper(drop_reason) like 'PREVIOUSLY_UNSUBSCRIBED%' then 'unsubscribed'
            when upper(drop_reason) = 'PREVIOUS_SPAM' then 'complained'
            when upper(drop_reason) in ('PREVIOUSLY_BOUNCED', 'INVALID_TO_ADDRESS') then 'bounced'
        end
    -- A change that is not known may be a refusal.
    when 'STATUSCHANGE' then
        case
            when is_bounced then 'bounced'
            when upper(status) = 'SUBSCRIBED' and not contains(coalesce(upper(subscriptions), ''), 'UNSUB')
                then 'resubscribed'
            else 'unsubscribed'
        end
end;
-- HubSpot: the ids of grants that are none of marketing, because another type of e-mail is refused at that time. The
-- parameter names a table with id, recipient, subscription, change and timestamp.
create macro hubspot_limited_grants(change_table) as table
    with

    -- Until when a change counts: the next one of the same subscription.
    periods as (

        select
            *,
            lead(timestamp) over (partition by recipient, subscription order by timestamp, id) as until
        from query_table(change_table)

    )

    select distinct grants.id
    from periods as grants
    inner join periods as refusals
        on
            grants.recipient = refusals.recipient
            and grants.subscription <> refusals.subscription
            and refusals.change <> 'SUBSCRIBED'
            and refusals.timestamp <= grants.timestamp
            and coalesce(refusals.until > grants.timestamp, true)
    where grants.change = 'SUBSCRIBED';
-- HubSpot: what somebody decided about a subscription. A change that is not known stays as it is.
create macro hubspot_decision(change) as case change
    when 'SUBSCRIBED' then 'granted'
    when 'UNSUBSCRIBED' then 'withdrawn'
    else change
end;
-- Klaviyo: a consent as an opt-in. Never subscribed and pending decide nothing.
create macro klaviyo_opt_in(consent) as case
    when lower(consent) not in ('never_subscribed', 'pending') then consent
end;
-- Klaviyo: whether an address is excluded because it cannot be reached. That refuses nothing.
create macro klaviyo_is_bounce(reason) as coalesce(regexp_matches(reason, '(?i)bounce|invalid'), false);
-- Klaviyo: why an address is excluded, as an event.
create macro klaviyo_exclusion(reason) as case
    when klaviyo_is_bounce(reason) then 'bounced'
    when regexp_matches(reason, '(?i)spam|complain') then 'complained'
    else 'unsubscribed'
end;
-- Klaviyo: an event of an e-mail, by the name of its metric in lower case.
create macro klaviyo_event(metric) as case metric
    when 'received email' then 'delivered'
    when 'opened email' then 'opened'
    when 'clicked email' then 'clicked'
    when 'bounced email' then 'bounced'
    when 'dropped email' then 'bounced'
    when 'marked email as spam' then 'complained'
    when 'unsubscribed' then 'unsubscribed'
    when 'unsubscribed from email marketing' then 'unsubscribed'
    when 'unsubscribed from list' then 'unsubscribed'
end;
-- Klaviyo: what an event decides, by the name of its metric in lower case, one row per purpose.
create macro klaviyo_decisions() as table
    select * from (values
        ('subscribed to email marketing', 'granted', 'email_marketing'),
        ('subscribed to email marketing', 'granted', 'newsletter'),
        ('unsubscribed from email marketing', 'withdrawn', 'email_marketing'),
        ('unsubscribed from email marketing', 'withdrawn', 'newsletter'),
        ('unsubscribed', 'withdrawn', 'email_marketing'),
        ('unsubscribed', 'withdrawn', 'newsletter'),
        ('unsubscribed from list', 'withdrawn', 'email_marketing'),
        ('unsubscribed from list', 'withdrawn', 'newsletter'),
        ('marked email as spam', 'withdrawn', 'email_marketing'),
        ('marked email as spam', 'withdrawn', 'newsletter'),
        ('subscribed to sms marketing', 'granted', 'sms_marketing'),
        ('consented to receive sms', 'granted', 'sms_marketing'),
        ('unsubscribed from sms marketing', 'withdrawn', 'sms_marketing'),
        ('unsubscribed from sms', 'withdrawn', 'sms_marketing')
    ) as meanings (metric, status, purpose);
-- GA4: a text that is set. A value that is not set has a text that says so.
create macro ga4_set(x) as case when trim(x) not in ('', '(not set)', '(none)') then x end;
-- GA4 has no id of events, so one is made of what tells them apart: the same in every export.
create macro ga4_event_id(visitor, happened_at, event_name, bundle, page, ordering, place) as md5(concat_ws(
    '|', coalesce(visitor, ''), happened_at, event_name, coalesce(bundle, ''), coalesce(page, ''), coalesce(ordering, ''),
    coalesce(place, '')
));
-- A banner denies until it is answered: if the visitor agrees later in the session, the events before refuse nothing.
create macro ga4_agreed_later(ads_storage, happened_at, visitor, session_id) as
    visitor is not null and session_id is not null and coalesce(max(
        case when is_yes(ads_storage) then happened_at end
    ) over (partition by visitor, session_id) > happened_at, false);
-- The visitor refused ads: in consent mode, by a property of the user, or by the browser's signal.
create macro ga4_privacy_signal(ads_storage, agreed_later, no_personal_ads, personal_ads, gpc) as case
    when (is_no(ads_storage) and not agreed_later) or is_yes(no_personal_ads) or is_no(personal_ads) or is_yes(gpc)
        then 'gpc'
end;
