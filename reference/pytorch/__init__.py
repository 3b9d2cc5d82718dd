"""What the course teaches in PyTorch: the only part of the reference that imports torch."""
