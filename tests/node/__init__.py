"""The node manager: its parts alone, and together against an emulated AWS."""
