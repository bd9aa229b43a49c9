"""Names of columns that change what a row means, in seven languages, by table."""

import re
from dataclasses import dataclass

from audiencekit.intake.contract import Table
from audiencekit.intake.decision_words import in_words
from audiencekit.intake.values import NO, YES


@dataclass(frozen=True)
class Meaning:
    """Names of columns that change what a row means, as a pattern of their words. A column whose name may also be
    harmless counts only with `a_value` that matches."""

    names: re.Pattern[str]
    a_value: re.Pattern[str] | None = None

    def is_proven_by(self, value: str) -> bool:
        """Whether a value, as it is or in plain words, says that the column has this meaning."""
        pattern = self.a_value
        return pattern is None or any(map(pattern.search, (value, in_words(value))))


_UNDONE = (
    "cancel|annul|storn|void|refund|rembours|reembols|rimbors|devol|return|retour|zuruck|fail|declin|reject|refus|verweiger"
    r"|geannuleerd|teruggest|restitu|\breso\b"
)
_STATE_OF_AN_ORDER = re.compile(
    f"(?i){_UNDONE}|pend|open|offen|abiert|done|complet|paid|pag[aoó]|bezahlt|betaald|ship|deliver|process|draft|hold|error"
)
_YES_OR_NO = re.compile(f"(?i)^({'|'.join(map(re.escape, (*YES, *NO, 'j', 's', 'o')))})$")
_ORDER = "(order|commande|pedido|ordine|orden|compra|pago|pagamento|paiement|bestelling|betaling)"
_OF = "(de ?la |de ?l |del |dell |della |de |do |da |d |di |van )?"
_STATE_WORD = "(status|state|estado|stato|etat|statut|situacao|situacion)"
_STATES = (
    rf"^(financial|payment|order) ?(status|state)$|payment ?stat|(zahlungs|auftrags|bestell|bestel|betaal|rechnungs) ?status"
    rf"|^{_STATE_WORD} {_OF}{_ORDER}$|^{_ORDER} {_STATE_WORD}$"
)
_STATE_OF_DELIVERY = re.compile(
    r"(liefer|versand|lever|verzend) ?status|^(fulfil?lment|delivery|shipping|shipment|dispatch)( status| state)?$"
    rf"|^{_STATE_WORD} {_OF}(livraison|entrega|envio|consegna|spedizione|levering|expedition)$"
)
_BARE_STATE = re.compile(
    rf"^((order|line|item) )?{_STATE_WORD}$|^(stage|order stage|bearbeitungs ?stand|phase|zustand)$"
)
_REFUND = (
    r"refund|storn|annul|rembours|reembols|rimbors|devol|retour|gutschrift|erstatt|gutgeschrieben|charge ?back|reimburs"
    r"|terugbeta|teruggest|terugbet|restitu|\breso\b|avoir\b|nota (de )?credito|credit ?(note|memo)|creditnota|reversal"
    r"|\breversed\b|\bdisputed?\b|\breturned\b|^amount ?return|return(ed)? ?(amount|quantity|qty|value|total)"
)
_KIND = (
    r"^(order |transaction |trans |document |doc |sale |sales |entry |posting |record |movement |invoice |receipt )?(type|kind)$"
    r"|^(beleg|vorgangs|auftrags|bestell|rechnungs|buchungs|transaktions|umsatz|dokument(en)?|bewegungs|geschafts) ?(art|typ|type)$"
    rf"|^(type|tipo|tipologia|soort|nature|genre) {_OF}(commande|document|documento|piece|transaction|operation|transaccion"
    r"|transacao|transazione|operacion|operacao|operazione|movimiento|movimento|mouvement|pedido|ordine|orden|venta|venda"
    r"|vendita|vente|facture|factura|fattura|order|bestelling|boeking|transactie|factuur)$"
    r"|^(order|bestel|boekings|transactie|factuur|document) ?soort$"
    r"|^(soll ?haben|haben ?soll|debit ?credit|credit ?debit|dr ?cr|cr ?dr|debet ?credit|debe ?haber|dare ?avere|debito ?credito"
    r"|af ?bij|shkzg)( (indicator|kennzeichen|kz|flag))?$"
)
# Some have a number of the document under these names.
_MAYBE_KIND = re.compile(
    r"^(vorgang|beleg|movement|mouvement|movimiento|movimento|operation|operacion|operacao|operazione|transaction|event|action"
    r"|tipo|soort|art|typ|nature|vorzeichen|sign)$"
)
_KIND_OF_A_ROW = re.compile(
    rf"(?i){_UNDONE}|gutschrift|erstatt|credit|avoir|abono|^(-|h|cr|cn|crn|rma)$|^neg"
)
_MONEY_BACK = re.compile(
    r"^(credit|credits|debit|haben|soll|credito|avoir|abono)( (amount|betrag))?$"
)
_A_NUMBER = re.compile("[1-9]")
_CURRENCY = re.compile(r"^(?!.*\b(rate|kurs|factor|name|format|position|decimals)\b).*\bcurrency\b")
_MAYBE_CURRENCY = re.compile(
    r"(^| )(wahrung|waehrung|devise|moneda|moeda|valuta|divisa|curr|ccy|munt|munteenheid|valutacode)"
    r"( (code|codice|codigo|iso|kz|kurzel))*$|(wahrungs|waehrungs) ?(code|kurzel|kennzeichen|schlussel)$"
)
# Valuta is also the date on which money counts.
_A_CURRENCY = re.compile(
    r"(?i)^[a-z]{3}$|^[^\W\d_]{0,3}[€$£¥]$|^(euro|dollar|pound|pfund|franken|franc|yen)"
)
_MARKS = r"cancel|void|^(is ?)?(test( ?order)?|paid|fraud|draft|return|returned)$|bezahlt|betaald|^pagad?o$|delet|gelo(e)?scht"
# What a gift card or store credit paid may be in the total, or not.
_OUTSIDE_TOTAL = re.compile(
    r"^(?!.*\b(code|number|no|id|message|note|text|recipient|sender|e ?mail|name|is|has)\b).*("
    r"gift ?(card|voucher|certificate)s?|store ?credits?|geschenk ?(gutschein|karte)|carte ?cadeau|tarjeta ?regalo"
    r"|cadeau ?(bon|kaart)|(buono|carta) ?regalo|cartao ?presente)"
)
_ACTIVE = (
    "active|inactive|enabled|disabled|deactivated|blocked|banned|aktiv|inaktiv|aktiviert|deaktiviert|gesperrt|actif|inactif"
    "|bloque|desactive|activo|inactivo|bloqueado|desactivado|attivo|inattivo|bloccato|disattivato|ativo|inativo|desativado"
    "|actief|inactief|geblokkeerd"
)
_PEOPLE = (
    Meaning(
        re.compile(
            r"delet|merged|^is ?archived$|gelo(e)?scht|cancellazion|cancelamento|^eliminad|^supprime|^eliminat|^verwijderd"
        )
    ),
    Meaning(
        re.compile(
            f"^(is |ist |est |es |e |account |customer |kunde |cliente |client |klant )?({_ACTIVE})$"
        ),
        _YES_OR_NO,
    ),
)
_OF_ROWS_OF_ORDERS = (
    Meaning(_STATE_OF_DELIVERY, re.compile(f"(?i){_UNDONE}")),
    Meaning(_BARE_STATE, _STATE_OF_AN_ORDER),
    Meaning(_OUTSIDE_TOTAL, _A_NUMBER),
    Meaning(_MONEY_BACK, _A_NUMBER),
    Meaning(_CURRENCY),
    Meaning(_MAYBE_CURRENCY, _A_CURRENCY),
    Meaning(_MAYBE_KIND, _KIND_OF_A_ROW),
)
# The currency that a rate is into.
INTO = re.compile(
    r"^((to|target|quote|quoted|base|counter|into|reporting|home|local|settlement|ziel|basis|dest|destination)"
    r"( ?(currency|curr|ccy|wahrung|waehrung))?( (code|iso))?|from base|against|zielwahrung|basiswahrung"
    r"|(devise|moneda|moeda|valuta|divisa) ?(cible|destino|destinazione|base|doel|reference)|basisvaluta|doelvaluta)$"
)
MEANINGS = {
    "orders": (Meaning(re.compile(f"{_STATES}|{_REFUND}|{_KIND}|{_MARKS}")), *_OF_ROWS_OF_ORDERS),
    "order_lines": (
        Meaning(
            re.compile(
                f"{_REFUND}|{_KIND}|{_MARKS}|^(line |item )?(type|status)$|^(line|item) ?kind$"
            )
        ),
        *_OF_ROWS_OF_ORDERS,
    ),
    "contacts": _PEOPLE,
    "accounts": _PEOPLE,
    "exchange_rates": (Meaning(INTO),),
}
# Columns of consent_events and erasure_requests that limit no grant and refuse no request, whatever their values.
_HARMLESS = re.compile(
    r"\b(notes?|comments?|remarks?|ip|user ?agent|browser|device|url|page|referr?er|utm|locale|language|lang|form|ids?|hash"
    r"|batch|version|system|created|updated|modified|imported|loaded|inserted|synced|exported|operator|agent|employee|ticket"
    r"|e ?mail|phone|country|store|shop|brand|(first|last|full|given|family) ?name)\b|^name$"
)
_LIMITS = re.compile(
    r"status|state|type|scope|activ|valid|expir|until|end|reason|result|decision|action|outcome"
    r"|reject|refus|confirm|verif|only"
)


def meaning_of(name: str, table: Table) -> Meaning | None:
    """What a column that is not read may change in a table, by its name; None if nothing."""
    words = in_words(name)
    if table.append_only:
        is_harmless = _HARMLESS.search(words) and not _LIMITS.search(words)
        return None if is_harmless else Meaning(_LIMITS)
    return next((m for m in MEANINGS.get(table.name, ()) if m.names.search(words)), None)


def pays_outside_total(name: str) -> bool:
    """Whether a column seems to hold what a gift card or store credit paid."""
    return bool(_OUTSIDE_TOTAL.search(in_words(name)))
