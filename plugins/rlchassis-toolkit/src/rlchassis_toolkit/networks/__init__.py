"""Networks: encoders of observations, CNNs, MLPs with heads, ensembles."""
