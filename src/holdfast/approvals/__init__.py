"""Who said yes: what people sign, and what we make of it. Pure: it holds no key and asks nobody."""
