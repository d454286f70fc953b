"""The contracts that algorithms fulfil: Policy, Algorithm, Optimizer, ModuleFactory, Setup; and how updates are compiled."""
