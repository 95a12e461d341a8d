"""Webhook deliveries (standardwebhooks.com): signing, sending, trying again."""
