"""What the documentation is held to, and what parts of it and its site are made with."""
