"""What a malicious processor can do on each backend: a program that tries, and what came of it."""
