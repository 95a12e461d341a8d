"""The Celery side: app, tasks, engines and the colour pipeline."""
