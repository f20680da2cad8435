"""The whole sentence, once per analog system: technology to report."""
