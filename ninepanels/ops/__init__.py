"""Commands and checks for operators: migrations, backups, preflight, ping, status, demo data, and their safeguards.

The verbs of `mc.sh` and of the command `ninepanels` are the functions `main` of these modules. The service itself uses
only `ops.release`.
"""
