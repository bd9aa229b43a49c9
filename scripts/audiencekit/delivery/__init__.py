"""How published audiences reach other systems: by signed webhooks and by a dlt pipeline.

Both read `audience_changes` by a cursor and deliver at least once, and a change has the same key however often
it is sent. What they keep on disk holds keys only, never contact data.
"""
