"""`audiencekit bench --identity`: people found in records, compared with other tools in one run on one machine."""
