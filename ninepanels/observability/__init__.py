"""What operators see: log lines, Prometheus metrics, Sentry reports, request ids and route names."""
