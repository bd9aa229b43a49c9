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
