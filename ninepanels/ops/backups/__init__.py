"""Dumps of this environment's database, and restoring them: what `backup.sh` asks for."""
