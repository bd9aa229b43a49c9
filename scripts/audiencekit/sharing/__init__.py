"""Aggregates for outsiders: suppressed so that small groups stay hidden, or noised with a budget."""

from audiencekit.sharing.release import share_noised, share_suppressed

__all__ = ["share_noised", "share_suppressed"]
