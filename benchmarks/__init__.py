"""What measures Tintype; each module writes JSON and a picture. Nothing imports it."""
