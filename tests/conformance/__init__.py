"""Replay recorded cases of reference implementations and compare every answer."""
