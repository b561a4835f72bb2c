"""A heartbeat server as the firmware before ours had it: one row written for every heartbeat.

Written for the comparison beside it, after the description of that system: nothing of its source.
"""
