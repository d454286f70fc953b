"""What loggers have in common: the options of their factories, and names of metrics in other libraries."""
