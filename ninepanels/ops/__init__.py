"""Commands and checks for operators: migrations, backups, preflight, ping, status, demo data, and their safeguards.

`mc.sh`, `data_mgmt.py` and `backup.sh` call these modules. The service itself uses only `ops.release`.
"""
