"""Task folders, and what draws and runs them."""
