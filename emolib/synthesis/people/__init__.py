"""Who is drawn: the head pack, a person's features, the head's shape, expressions."""
