"""What is legal and what follows, as pure functions: no Django, no clock, no database."""
