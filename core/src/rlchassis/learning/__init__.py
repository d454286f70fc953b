"""Base classes of algorithms: Policy, Algorithm, Optimizer, ModuleFactory, Setup; and compilation of updates."""
