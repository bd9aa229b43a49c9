"""Columns that intake does not read: what may be a refusal, or changes what a row means, stops the run."""

import pyarrow as pa
import pytest
from test_intake import HEADER, Content, contacts, extract, orders, take

from audiencekit.errors import UserError
from audiencekit.intake.decision_words import file_may_decide, may_decide, may_refuse
from audiencekit.intake.shop import read_shop

PERSON = "1,a@example.com,2016-01-01"


@pytest.mark.parametrize(
    ("header", "value", "found"),
    [("Status", "Unsubscribed", "Unsubscribed"), ("Tags", '"vip, DO NOT MAIL"', "DO NOT MAIL"),
     ("Lead Status", "Do not contact", "Do not contact"), ("Gruppe", "keine Werbung", "keine Werbung"),
     ("Groupe", "désabonné", "désabonné"), ("Grupo", "dado de baja", "dado de baja"), ("Gruppo", "disiscritto", "disiscritto"),
     ("Grupo", "Não contatar", "Não contatar"), ("Groep", "uitgeschreven", "uitgeschreven"), ("Tag", "stop", "stop")],
)  # fmt: skip
def test_a_tag_that_refuses_stops_the_run_with_its_column_and_value(tmp_path, header, value, found):
    says = rf"contacts\.csv: the column {header} \(with {found} in it\) may hold refusals"
    with pytest.raises(UserError, match=says):
        take(tmp_path, contacts(header, f"{PERSON},new", f"2,b@example.com,2016-01-01,{value}"))


@pytest.mark.parametrize(
    ("header", "value"),
    [("Company", "Stop & Shop"), ("Sales area", "Baja California"), ("Status", "Active"), ("Link", "https://x.com/unsubscribe/1"),
     ("Mailing", "Spring 2016"), ("Marketing", "1500"), ("Promos", "7"), ("Case reason", "Complaint")],
)  # fmt: skip
def test_values_that_refuse_nothing_do_not_stop_the_run(tmp_path, header, value):
    taken = take(tmp_path, contacts(header, f"{PERSON},{value}"))
    assert taken.tables["contacts"].ignored_columns == header


def test_free_text_that_mentions_a_refusal_is_counted_in_a_note(tmp_path):
    rows = [f"{i},p{i}@example.com,2016-01-01,asked us to unsubscribe" for i in range(3)]
    messages = take(tmp_path / "a", contacts("Notes", *rows, f"{PERSON},fine")).messages
    note = "contacts.csv, {}: {} rows mention a refusal in free text; it is not read"
    assert note.format("Notes", 3) in messages
    rows = [f"{i},p{i}@example.com,2016-01-01,case {i}: opted out" for i in range(21)]
    assert note.format("Case", 21) in take(tmp_path / "b", contacts("Case", *rows)).messages
    with pytest.raises(UserError, match="the column Case"):
        take(tmp_path / "c", contacts("Case", *rows[:20]))


def test_addresses_in_a_column_that_is_not_read_are_counted_in_a_note(tmp_path):
    rows = (
        f"{PERSON},b@example.com",
        "2,c@example.com,2016-01-01,",
        "3,,2016-01-01, d@example.com ",
    )
    messages = take(tmp_path, contacts("Email 2", *rows)).messages
    assert any(
        m.startswith("contacts.csv, Email 2: 2 rows have an e-mail address") for m in messages
    )


def test_a_list_with_a_refusal_in_it_stops_the_run(tmp_path):
    people = pa.table({"contact_id": ["1", "2"], "lists": [["vip"], ["vip", "unsubscribed"]]})
    with pytest.raises(UserError, match=r"the column lists \(with unsubscribed in it\)"):
        take(tmp_path, {"orders.csv": orders(good=3), "contacts.parquet": people})


def test_the_tag_of_an_order_may_refuse_and_what_is_about_the_order_does_not(tmp_path):
    def of_tag(value: str) -> dict[str, Content]:
        return {"orders.csv": extract(f"a,2016-01-01,5,{value}", header=f"{HEADER},customer tag")}

    with pytest.raises(UserError, match=r"orders\.csv: the column customer tag \(with do not mail"):
        take(tmp_path / "a", of_tag("do not mail"))
    assert take(tmp_path / "b", of_tag("refused")).tables["orders"].rows_kept == 1


@pytest.mark.parametrize(
    "header",
    ["Werbung", "Mailing", "Mailing erlaubt", "Kontakterlaubnis", "Aceita emails", "Accetta marketing", "Publipostage",
     "Reclame toegestaan", "Mag gemaild worden", "Prospección", "Prospection", "Publicidad", "Pubblicità", "E-mail Permitido",
     "Contact by Email", "Email Contact", "Mail?", "Promos", "Marketing", "Sperrkennzeichen", "Publicité", "Publicidade",
     "Telefonwerbung", "SMS", "Autorise email"],
)  # fmt: skip
def test_a_column_of_yes_and_no_about_mail_or_calls_stops_the_run(tmp_path, header):
    rows = (f"{PERSON},ja", "2,b@example.com,2016-01-01,nein")
    with pytest.raises(UserError, match="may hold refusals"):
        take(tmp_path, contacts(header, *rows))


@pytest.mark.parametrize("header", ["Aktiv", "actif", "Activo", "attivo", "Ativo", "ist aktiv"])
def test_a_contact_that_is_not_active_in_another_language_stops_the_run(tmp_path, header):
    with pytest.raises(UserError, match=f"the columns {header.lower()} change what a row means"):
        take(tmp_path, contacts(header, f"{PERSON},J", "2,b@example.com,2016-01-01,N"))


@pytest.mark.parametrize(
    "name",
    ["Austritte.csv", "Emails to remove.csv", "Kunden ohne Werbung.csv", "Nicht mehr anschreiben.csv", "Rimozioni.csv",
     "cancelaciones_newsletter.csv", "clients_a_supprimer.csv", "kill_list.csv", "remove_me.txt", "te verwijderen.csv",
     "da_cancellare.csv", "dont_email.csv"],
)  # fmt: skip
def test_a_file_of_people_to_leave_alone_is_known_by_its_name(name):
    assert file_may_decide(name)


def test_harmless_names_and_values_are_not_taken_for_refusals():
    assert not any(map(may_decide, ("dont TVA", "Marketing emails clicked", "Fahrerlaubnis")))
    assert not any(map(file_may_decide, ("removal_orders.csv", "marketing.csv", "costs.csv")))
    assert not any(map(may_refuse, ("Stop & Shop", "Complaint", "Withdrawal fee", "Exclusive")))


def test_up_to_forty_columns_that_are_not_read_are_all_named(tmp_path):
    def message(count: int) -> str:
        names = ",".join(f"x{i:02}" for i in range(count))
        text = f"{HEADER},{names}\na,2016-01-01,5{',' * count}\n"
        return take(tmp_path / str(count), {"orders.csv": text}).messages[0]

    assert message(40).endswith(", x38, x39")
    assert message(41).endswith("x09 … (audiencekit intake FOLDER --explain lists all)")


@pytest.mark.parametrize("table", ["orders", "order_lines"])
@pytest.mark.parametrize(
    ("header", "values", "stops"),
    [("Auftragsstatus", "storniert,bezahlt", "orders"), ("Bestellstatus", "storniert,bezahlt", "orders"),
     ("Lieferstatus", "storniert,geliefert", "both"), ("Lieferstatus", "unterwegs,geliefert", ""),
     ("Etat commande", "annulée,payée", "orders"), ("Situação", "cancelado,pago", "both"), ("État", "annulé,payé", "both"),
     ("Stato ordine", "annullato,pagato", "orders"), ("Estado del pedido", "cancelado,pagado", "orders"),
     ("Belegart", "Rechnung,Gutschrift", "both"), ("Vorgang", "Verkauf,Retoure", "both"), ("Vorgang", "4711,4712", ""),
     ("Doc Type", "INV,CRN", "both"), ("Soll/Haben", "S,H", "both"), ("debit/credit", "D,C", "both"),
     ("Währung", "EUR,JPY", "both"), ("Devise", "EUR,JPY", "both"), ("Moneda", "EUR,JPY", "both"),
     ("Valuta", "EUR,JPY", "both"), ("Valuta", "2016-01-01,2016-01-02", ""), ("Curr.", "EUR,JPY", "both"),
     ("Currency Code Iso", "EUR,JPY", "both"), ("currency rate", "1,2", ""), ("Erstattet", "0,5", "both"),
     ("Rückerstattung", "0,5", "both"), ("amount_returned", "0,5", "both"), ("Chargeback amount", "0,5", "both"),
     ("resort", "north,south", "")],
)  # fmt: skip
def test_columns_of_other_words_and_languages_that_change_what_a_row_means_stop_the_run(
    tmp_path, table, header, values, stops
):
    one, two = values.split(",")
    files: dict[str, Content] = {"orders.csv": orders(good=3)}
    rows = {
        "orders": (HEADER, f"a,2016-01-01,5,{one}", f"b,2016-01-01,5,{two}"),
        "order_lines": ("order_id,line_number,quantity,amount", f"a,1,1,5,{one}", f"a,2,1,5,{two}"),
    }[table]
    files[f"{table}.csv"] = "\n".join([f"{rows[0]},{header}", *rows[1:]]) + "\n"
    if stops in (table, "both"):
        with pytest.raises(UserError, match="change what a row means"):
            take(tmp_path, files)
    else:
        assert take(tmp_path, files).tables[table].rows_kept == 2


def test_a_column_of_one_value_that_only_some_extracts_have_stops_the_run(tmp_path):
    sales, returns = f"{HEADER}\n1,2016-01-01,5\n", f"{HEADER},type\n2,2016-01-01,5,return\n"
    with pytest.raises(UserError, match="orders: the columns type change what a row means"):
        take(tmp_path / "a", {"orders.csv": sales, "orders.web.csv": returns})
    empty = f"{HEADER},type\n"
    taken = take(tmp_path / "b", {"orders.csv": sales, "orders.web.csv": empty})
    assert taken.tables["orders"].rows_kept == 1
    taken = take(tmp_path / "c", {"orders.csv": f"{HEADER}\n", "orders.web.csv": returns})
    assert taken.tables["orders"].rows_kept == 1


def test_a_flag_that_is_not_set_says_as_much_as_no_flag(tmp_path):
    flags = {
        "orders.csv": f"{HEADER},test\n1,2016-01-01,5,false\n2,2016-01-01,5,\n3,2016-01-01,5,0\n"
    }
    taken = take(tmp_path / "a", flags | {"orders.web.csv": f"{HEADER}\n4,2016-01-01,5\n"})
    assert taken.tables["orders"].rows_kept == 4
    with pytest.raises(UserError, match="orders: the columns test change what a row means"):
        take(tmp_path / "b", {"orders.csv": flags["orders.csv"] + "5,2016-01-01,5,true\n"})


@pytest.mark.parametrize(
    "header", ["to_currency", "Target Currency", "quote_currency", "from/base"]
)
def test_rates_into_other_currencies_than_the_reporting_one_stop_the_run(tmp_path, header):
    def rates(*into: str) -> dict[str, Content]:
        rows = [f"EUR,2016-01-0{n + 1},1.1,{currency}" for n, currency in enumerate(into)]
        text = "\n".join([f"currency,valid_from,rate,{header}", *rows]) + "\n"
        return {"orders.csv": orders(good=3), "exchange_rates.csv": text}

    with pytest.raises(UserError, match=r"exchange_rates: the columns .* change what a row means"):
        take(tmp_path / "a", rates("USD", "GBP"))
    says = rf"exchange_rates\.csv: the column {header} has rates into GBP, and figures are in USD"
    with pytest.raises(UserError, match=says):
        take(tmp_path / "b", rates("GBP", "GBP"))
    assert take(tmp_path / "c", rates("USD", "USD")).tables["exchange_rates"].rows_kept
    taken = take(tmp_path / "d", rates("GBP"), shop=read_shop("GBP"))
    assert taken.tables["exchange_rates"].rows_kept == 1


@pytest.mark.parametrize("name", ["do_not_mail", "unsubscribed", "suppression", "Robinsonliste"])
def test_a_static_list_of_refusals_stops_the_run(tmp_path, name):
    def lists(code: str) -> dict[str, Content]:
        text = f"list_code,id_type,id_value,added_at\n{code},email,a@example.com,2016-01-01\n"
        return {"orders.csv": orders(good=3), "static_lists.csv": text}

    with pytest.raises(UserError, match=f"static_lists: people on the list {name} may be refusals"):
        take(tmp_path / "a", lists(name))
    assert take(tmp_path / "b", lists("vip")).tables["static_lists"].rows_kept == 1


def test_a_touch_that_is_refused_and_may_be_a_refusal_stops_the_run(tmp_path):
    header = "touch_id,touched_at,campaign_id,touch_name,id_type,id_value"
    good = [f"{i},2016-01-01,c,mailed,email,p{i}@example.com" for i in range(9)]

    def touches(name: str) -> dict[str, Content]:
        bad = f"x,2016-01-01,c,{name},email,a@example.com"
        text = "\n".join([header, *good, bad]) + "\n"
        return {"orders.csv": orders(good=3), "campaign_touches.csv": text}

    with pytest.raises(UserError, match=r"campaign_touches\.csv, row 11: .* may state a refusal"):
        take(tmp_path / "a", touches("unsubscribed"))
    assert take(tmp_path / "b", touches("printed")).tables["campaign_touches"].rows_kept == 9


def test_contacts_with_service_about_refusals_are_counted_in_a_note(tmp_path):
    topics = ("Lieferung", "Löschantrag DSGVO", "Newsletter abbestellen", "Complaint")
    rows = [f"{n},2016-01-01,{topic},please unsubscribe me" for n, topic in enumerate(topics)]
    text = "\n".join(["ticket_id,created_at,category,subject", *rows]) + "\n"
    taken = take(tmp_path, {"orders.csv": orders(good=3), "service_contacts.csv": text})
    assert any(
        message.startswith(
            "service_contacts: 2 rows have a topic that may be a refusal or a request for erasure "
            "(Löschantrag DSGVO, Newsletter abbestellen)"
        )
        for message in taken.messages
    )
    assert any("service_contacts.csv, subject: 4 rows mention" in m for m in taken.messages)
