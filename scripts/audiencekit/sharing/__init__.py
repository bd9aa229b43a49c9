"""Aggregates for other companies: with small groups suppressed, or with noise within a privacy budget."""

from audiencekit.sharing.release import share_noised, share_suppressed

__all__ = ["share_noised", "share_suppressed"]
