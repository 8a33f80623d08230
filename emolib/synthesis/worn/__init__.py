"""What grows on a head or is worn on it: hair, clothes, and what is in the way."""
