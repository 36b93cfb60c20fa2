"""What a person sees and does at the terminal."""
