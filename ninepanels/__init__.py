"""Nine Panels: a daily habit tracker's backend."""
