"""Tianshou's high-level API on rlchassis: its names and argument forms, translated into rlchassis' own.

Modules have the names that they have in Tianshou; translation/ is what they share.
"""
