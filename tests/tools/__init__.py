"""What only developers run: the README's table of commands, and what stands behind each route."""
