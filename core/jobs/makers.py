"""For whom jobs and batches are made."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Maker:
    """Whoever asks for a job or a batch, as far as their records have to know."""

    owner: str = ""
    """Empty: nobody's, as all are where no keys are in use."""
    quota: int | None = None
    """Jobs that the owner may make in a day (UTC); None: no limit."""
    access: str = ""
    """Rules for buckets (``core.buckets``) that hold for the jobs of a batch, too."""

    def for_batch(self) -> tuple[str, ...]:
        """Return what a batch's record keeps, as fields and values."""
        told = {"owner": self.owner, "quota": str(self.quota or ""), "access": self.access}
        return tuple(part for pair in told.items() if pair[1] for part in pair)


NOBODY = Maker()
