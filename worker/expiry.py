"""Deleting uploads that no job has used in time, in every worker's parent process."""

import logging
import threading
import time

from core.errors import BucketForbidden, PermanentError, TintypeError
from core.jobs.uploads import Uploads
from core.upload_storage import UploadStorage

log = logging.getLogger(__name__)
INTERVAL = 5.0
AT_ONCE = 100


class Expiry(threading.Thread):
    """Looks every 5 seconds; of many workers, each upload is claimed by one at a time."""

    def __init__(self, uploads: Uploads, storage: UploadStorage) -> None:
        super().__init__(name="expiry", daemon=True)
        self._uploads = uploads
        self._storage = storage

    def run(self) -> None:
        """Delete until the process ends. What fails is tried again a minute later."""
        while True:
            time.sleep(INTERVAL)
            try:
                self.expire()
            except TintypeError as error:
                log.warning("uploads are deleted later: %s", error)
            except Exception:
                log.exception("uploads are deleted later")

    def expire(self) -> None:
        """Make one pass.

        Raises:
            QueueUnavailable, StorageUnavailable, ClockSkewed: as their names say.
        """
        for upload in self._uploads.claim(AT_ONCE):
            try:
                self._storage.remove(upload)
                log.info("upload %s has expired: %s is deleted", upload.id, upload.source)
            except BucketForbidden as error:
                log.error("upload %s is forgotten: %s", upload.id, error)
            except PermanentError as error:
                log.warning("upload %s is deleted later: %s", upload.id, error)
                continue
            self._uploads.removed(upload)
