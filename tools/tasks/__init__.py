"""Tasks that show what a feature is for: each is trained with it and without it, on seeds that its settings were not chosen on."""
