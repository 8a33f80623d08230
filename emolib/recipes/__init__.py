"""What ships and how it was made: the recipes of the trained networks."""
