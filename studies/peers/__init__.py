"""Classifiers of other packages beside ours, on the same photographs."""
