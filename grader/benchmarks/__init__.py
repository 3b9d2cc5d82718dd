"""The commands behind the README's figures. A figure is a ratio from one run on one machine."""
