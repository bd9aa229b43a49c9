"""`audiencekit bench --identity`: people found in records, beside other tools, on one machine in one run."""
