"""What may be asked for: one module per noun, each mutation one command of the application."""
