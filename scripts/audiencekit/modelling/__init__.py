"""Fits that become rows: trained here, scored in SQL."""
