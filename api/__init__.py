"""The HTTP side: parse, enqueue, render. Never imports worker or OpenCV."""
