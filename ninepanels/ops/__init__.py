"""Commands and checks for operators: migrations, backups, preflight, ping, status, demo data, and their safeguards.

Called by `mc.sh`, `data_mgmt.py` and `backup.sh`. The service itself uses only `ops.release`.
"""
