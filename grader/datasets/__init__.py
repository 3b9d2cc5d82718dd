"""Data for notebooks to learn from: drawn by a seed, or read from a file of the reader's own. Nothing is downloaded."""
