"""Memory of recurrent policies: from observations and a recurrent state to features, which actors and critics take as their observation."""
