"""What the nox sessions lean on; no part of any distribution."""
