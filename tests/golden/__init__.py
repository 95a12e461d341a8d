"""What the bundled network makes of three photographs, kept to notice when colours shift."""
