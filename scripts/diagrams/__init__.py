"""The diagrams of the book that show computed numbers."""
