"""The words that every room speaks: frozen values, no behaviour that touches the world."""
