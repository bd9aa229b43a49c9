"""People as forms and spreadsheets hold them, made up by chance from a seed: many scripts, slips and habits."""

# Letters that look alike are the point here, and lists of words read best as words.
# ruff: noqa: RUF001, SIM905

import random
import unicodedata
from datetime import date, timedelta

import phonenumbers
from phonenumbers import PhoneNumberFormat

# Latin with marks, Greek with sigmas inside and at the end, Turkish with both i, Cyrillic, Armenian, Georgian,
# Arabic, Persian, Hebrew, Devanagari, Thai, Chinese, Japanese, Korean; capitals that compose only when lowered.
FIRST = """Valéry Zoë ANA Mary-Jane O'Brien D’Angelo ΟΔΥΣΣΕΎΣ Νίκος ΣΟΦΊΑ İBRAHİM Işıl ILGIN Дмитрий ЁЖИК Ђорђе Արամ ნინო
محمد علی‌رضا שרה רבקה׳לה प्रिया ศิริ 小明 Ångström J̌oan H̱ana T̈om W̊in はなこ ミカ 지민 정 Éowyn Straße ẞ Ǆemal Ǆ ŒUVRE Þór ĲSBRAND
Gal·la Jean–Luc N'Golo Nguyễn Łukasz Đặng Çağrı Ñandú ﬁona ℌans Ａｌｉｃｅ x 1st Ana🌸 Bo👩‍👩‍👧 ❤️Li 👋🏽 --- . ... '""".split()
LAST = """García MÜLLER Papadopoulos ΠΑΠΑΔΌΠΟΥΛΟΣ Παπαδόπουλος YILDIRIM İNÖNÜ Иванов ЩЕРБАКОВ العربي אבן־גבירול 王 鈴木 김 박
Smith O’Neil Smith-Jones Núñez van St.John Țepeș d'Arc McDonald Ó Þórsson Øster ŠKODA Ｓｍｉｔｈ शर्मा ไทย Ξένος Jr Md Iv Prof""".split()
CITIES = ["San Francisco", "MÜNCHEN", "St. John's", "İstanbul", "ΑΘΉΝΑ", "東京", "Saint-Étienne", "القاهرة", "Київ",
          "L'Aquila", "'s-Hertogenbosch", "Zürich (ZH)", "서울", " ", "", "--", "New\u00a0York", "Pa\u0302ris"]  # fmt: skip
REGIONS = ["CA", "NY", "ca", "Île-de-France", "Baden-Württemberg", "東京都", "", " tx "]
POSTAL = {
    "US": ["94105", "94105-1234", " 02139", "941051234"],
    "GB": ["SW1A 1AA", "m1 1ae", "EC1A1BB", "B33\u00a08TH", "SW1A 1"],
    "": ["75001", "00-950", "100-0001", "K1A 0B6", "D02 AF30", "", " ", "-"],
}
TITLES = ["Mr ", "Mrs. ", "DR. ", "Prof. Dr. ", "ms\u00a0", "Miss  ", "Mr. Dr "]
SUFFIXES = [" Jr.", ", Jr", " III", " PhD", ",MD", " Sr. ", " jr. phd", "\u00a0II", " IV"]
SPACES = "\t\n\r \u0085\u00a0\u1680\u2003\u2009\u2028\u202f\u205f\u3000"
INVISIBLES = "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2066\u206f\ufe0f\ufeff"
LOCALS = """jane.doe JANE.DOE j.a.n.e alexz user.name José MÜLLER ΟΔΥΣΣΕΑΣ σασ İbrahim ışık Дмитрий 小明 지민 J̌an H̱ana محمد
cloudy.SanFrancisco o'neil first-last under_score 7 x""".split()
TAGS = ["", "", "", "+shopping", "+NYC", "+a+b", "+", "+İ.x"]
DOMAINS = """gmail.com GMAIL.com googlemail.com GoogleMail.COM Example.com example.org sub.Gmail.com gmail.com.br notgmail.com
MÜNCHEN.example.de xn--mnchen-3ya.de XN--MNCHEN-3YA.de bücher.example.com παράδειγμα.gr пример.ru 例え.jp""".split()
COUNTRIES = (
    "US GB DE FR IT ES NL SE PL GR TR RU EG SA IL IN TH CN JP KR BR MX AU ZA NG IE CH AT".split()
)
DIGITS = [*["0123456789"] * 4, "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "０１２３４５６７８９", "०१२३४५६७८९"]


def typed_people(count: int, seed: int) -> list[dict]:
    """`count` people with what they typed, and e164: the number they meant, None where it is no one person's number."""
    chance = random.Random(seed)
    return [_person(chance, f"c{n}") for n in range(count)]


def _person(chance: random.Random, key: str) -> dict:
    country = chance.choice(COUNTRIES)
    phone, e164, phone_country = _phone(chance, country)
    first, last = _name(chance, FIRST), _name(chance, LAST)
    return {
        "customer_key": key,
        "email": None if chance.random() < 0.05 else _email(chance),
        "phone": phone,
        "phone_country": phone_country,
        "e164": e164,
        "first_name": None if chance.random() < 0.05 else first,
        "last_name": None if chance.random() < 0.05 else last,
        "city": _disturbed(chance, chance.choice(CITIES)),
        "region": chance.choice([*REGIONS, None]),
        "postal_code": _disturbed(chance, chance.choice(POSTAL.get(country, POSTAL[""]))),
        "country_code": country if chance.random() < 0.95 else None,
        "birth_date": chance.choice([None, date(1890, 1, 1) + timedelta(chance.randrange(48000))]),
    }


def _name(chance: random.Random, pool: list[str]) -> str:
    name = " ".join(chance.choices(pool, k=chance.choice([1, 1, 1, 2, 3])))
    if chance.random() < 0.2:
        name = chance.choice(TITLES) + name
    if chance.random() < 0.2:
        name += chance.choice(SUFFIXES)
    return _disturbed(chance, name)


def _email(chance: random.Random) -> str:
    local, domain = chance.choice(LOCALS), chance.choice(DOMAINS)
    tag = chance.choice(TAGS)
    if chance.random() < 0.03:
        local, tag = "", "+only"
    at = "@" if chance.random() < 0.95 else chance.choice(["\u00a0@", "@ ", " @ ", "", "@@"])
    if chance.random() < 0.03:
        local = "ann" + chance.choice(SPACES) + local
    return _disturbed(chance, local + tag + at + domain)


def _disturbed(chance: random.Random, text: str) -> str:
    """The same to a reader: another normal form or case, spaces at the ends, invisible characters anywhere."""
    if chance.random() < 0.4:
        text = unicodedata.normalize("NFD", text)
    if chance.random() < 0.2:
        # Case by character: a whole word's would bring the rules of one language into what is typed.
        text = "".join(c.upper() if len(c.upper()) == 1 else c for c in text)
    if chance.random() < 0.4:
        ends = ["".join(chance.choices(SPACES, k=chance.randrange(3))) for _ in range(2)]
        text = ends[0] + text + ends[1]
    if chance.random() < 0.4:
        place = chance.randrange(len(text) + 1)
        text = text[:place] + chance.choice(INVISIBLES) + text[place:]
    return text


def _phone(chance: random.Random, country: str) -> tuple[str | None, str | None, str]:
    """What was typed, the number that was meant, and the country its record names."""
    number = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    while True:
        other = phonenumbers.PhoneNumber(
            country_code=number.country_code, italian_leading_zero=number.italian_leading_zero
        )
        other.national_number = number.national_number // 1000 * 1000 + chance.randrange(1000)
        if phonenumbers.is_valid_number_for_region(other, country):
            break
    plain = f"{other.country_code}{phonenumbers.national_significant_number(other)}"
    grouped = phonenumbers.format_number(other, PhoneNumberFormat.INTERNATIONAL).removeprefix("+")
    forms = [
        ("+" + grouped, ""),
        ("+" + grouped, "US"),
        ("+" + plain, country),
        ("00" + plain, ""),
        ("00 " + grouped, ""),
        (phonenumbers.format_number(other, PhoneNumberFormat.NATIONAL), country),
    ]
    typed, stated_country = chance.choice(forms)
    e164 = "+" + plain
    kind = chance.random()
    if kind < 0.04:
        return typed + chance.choice([" ext. 12", " x7", ";ext=5"]), None, stated_country
    if kind < 0.08:
        return (
            chance.choice(["", "n/a", "+", "12", "ann@example.com", "0000000000"]),
            None,
            stated_country,
        )
    if kind < 0.12:
        return None, None, stated_country
    typed = typed.translate(str.maketrans("0123456789", chance.choice(DIGITS)))
    if chance.random() < 0.3:
        typed = typed.replace(" ", chance.choice([" ", "-", ".", "\u00a0", "\u2009", " - "]))
    return _disturbed_phone(chance, typed), e164, stated_country


def _disturbed_phone(chance: random.Random, text: str) -> str:
    if chance.random() < 0.3:
        text = (
            chance.choice("\u200b\u202a\u2066 \u00a0")
            + text
            + chance.choice("\u202c\u2069\ufeff \t")
        )
    return text
