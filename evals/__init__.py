"""Measuring Footnote: gold questions, one measure per file, a gate, reports and benchmarks."""
