"""What the emulated AWS does beyond moto."""
