"""Training of the small reader: data, network, loop, measures, export. Not used at run time."""
