"""The benchmark, which measures the figures in docs/performance.md."""
