"""How published audiences reach other systems: signed webhooks and a dlt pipeline.

Both follow the cursor of `audience_changes`, both are at-least-once, and every change carries the
same key however often it is sent. What they keep on disk holds keys only, never contact data.
"""
