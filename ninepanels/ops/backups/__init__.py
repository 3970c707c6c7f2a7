"""Dumps of this environment's database and their restore. `backup.sh` is the command for users."""
