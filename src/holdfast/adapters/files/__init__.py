"""Files on this machine: read strictly, and written whole or not at all."""
