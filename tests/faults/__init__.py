"""Faults while taps arrive: kill -9, a database that freezes, a full disk. No acknowledged tap may be lost.

`./mc.sh prove` runs all faults and writes what it counted to docs/reliability.md. The suite runs two of them.
"""
