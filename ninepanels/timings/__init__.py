"""Route timings: thresholds, statistics and alerts.

Timings are measured by `middleware.timing` and written by `handlers.timings`; queries are in `crud`.
"""
