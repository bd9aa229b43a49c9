"""The matrix of messages: which cells are missing, and which messages nobody gets."""

from audiencekit.pages.message_matrix import message_matrix, unused_messages


def cell(channel: str, segment: str | None, slot: str, message: str | None) -> dict:
    return {"channel": channel, "segment_code": segment, "slot": slot, "message_code": message}


def test_a_cell_is_missing_where_another_segment_of_the_channel_has_a_message_for_the_slot():
    cells = [
        cell("email", "one", "body", None),
        cell("email", None, "body", "any_body"),
        cell("website", "one", "banner", None),
        cell("website", "one", "hero", "one_hero"),
        cell("website", "two", "banner", None),
        cell("website", "two", "hero", None),
        cell("website", None, "banner", None),
        cell("website", None, "hero", None),
    ]
    email, website = message_matrix(cells)
    assert (email.name, email.slots, email.missing) == ("email", ["body"], 0)
    assert (website.name, website.slots, website.missing) == ("website", ["banner", "hero"], 1)
    missing = [
        (first["segment_code"], cell["slot"])
        for first, row in website.rows
        for cell in row
        if cell["is_missing"]
    ]
    assert missing == [("two", "hero")]
    assert [first["segment_code"] for first, _ in website.rows] == ["one", "two", None]


def test_messages_that_nobody_gets_are_listed_by_reason_and_reasons_without_one_are_left_out():
    rows = [
        {"message_code": code, "status": status}
        for code, status in (("a", "expired"), ("b", "outranked"), ("c", "expired"))
    ]
    groups = unused_messages(rows)
    assert [(status, [r["message_code"] for r in group]) for status, _, group in groups] == [
        ("outranked", ["b"]),
        ("expired", ["a", "c"]),
    ]
    assert all(meaning for _, meaning, _ in groups)
