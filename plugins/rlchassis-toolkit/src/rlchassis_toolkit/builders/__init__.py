"""Methods that the builders of several algorithms share."""
